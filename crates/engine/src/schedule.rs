//! The schedule: offers every book of the policy once; each look then says when the next is due.

use crate::world::Engine;
use store::StoreError;

impl Engine {
    /// Makes sure that every active book is looked at by and by. Offering again changes nothing.
    pub async fn schedule(&self) -> Result<(), StoreError> {
        for book in self.books() {
            if !book.is_paused() {
                self.offer_book(&book).await?;
            }
        }
        Ok(())
    }
}
