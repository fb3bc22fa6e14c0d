//! The schedule: offers every book of the policy once; each look then says when the next is due.

use crate::world::Engine;
use model::tunnel::TunnelState;
use store::StoreError;

impl Engine {
    /// Makes sure that every active book is looked at by and by. Offering again changes nothing.
    pub async fn schedule(&self) -> Result<(), StoreError> {
        for book in self.books() {
            if book.tunnels.iter().any(|t| t.state != TunnelState::Paused) {
                self.offer_book(&book).await?;
            }
        }
        Ok(())
    }
}
