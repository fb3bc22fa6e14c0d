//! Receiving: what one field of a copy should become, by its two switches.

use crate::rules::Rules;
use model::Item;

/// What a fresh card carries: the content under the field rules, notes between our delimiters where the rule
/// says `append`. The body of a create is made of this.
pub fn card(content: &Item, rules: &Rules) -> Item {
    todo!()
}
