//! Rules: what a member's view asks of its copies, taken together over the tunnels that feed it.

use model::tunnel::{FieldRule, OnUserDelete, Options, Tunnel, WhenBlank, WhenPresent};
use model::{Field, Fields, TunnelId};

/// The effective rules of one view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub fields: Fields<FieldRule>,
    pub options: Options,
    /// The tunnels that the view is made of, in the order of their ids.
    pub tunnels: Vec<TunnelId>,
}

impl Rules {
    /// The tunnels in order of their ids. The first one's fields and options hold, except where another
    /// tunnel is more careful: one `respect`, one `skip_own_card` or one tunnel that does not delete
    /// permanently is enough; photos and initials need every tunnel's consent.
    pub fn of(tunnels: &[&Tunnel]) -> Self {
        let mut sorted: Vec<&Tunnel> = tunnels.to_vec();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        let Some(first) = sorted.first() else {
            return Self::default();
        };
        let mut options = first.options.clone();
        for other in sorted.iter().map(|t| &t.options) {
            options.permanent_delete &= other.permanent_delete;
            options.initials_for_lost_photo &= other.initials_for_lost_photo;
            options.photos &= other.photos;
            options.skip_own_card |= other.skip_own_card;
            if other.on_user_delete == OnUserDelete::Respect {
                options.on_user_delete = OnUserDelete::Respect;
            }
        }
        Self {
            fields: first.fields.clone(),
            options,
            tunnels: sorted.iter().map(|t| t.id.clone()).collect(),
        }
    }

    /// The rule of a field; one that no tunnel names is never touched.
    pub fn of_field(&self, field: Field) -> FieldRule {
        self.fields.get(&field).copied().unwrap_or(FieldRule {
            when_present: WhenPresent::Never,
            when_blank: WhenBlank::Keep,
        })
    }
}
