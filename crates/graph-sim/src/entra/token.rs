//! Access tokens: shaped like Entra's JWTs, signed with a key of the simulator's own, validated by look-up.

use super::grant::Proof;
use super::{Entra, Session};
use crate::app::{App, service_principal_id};
use crate::{call::Bearer, done::Done, scene::Scene, tenant::Tenant};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// So many tokens are kept before those that are long over are forgotten.
const TOKENS_MAX: usize = 4096;
/// A token that has been over for so long is as good as unknown.
const FORGET_MS: i64 = 24 * 3_600_000;

impl Entra {
    pub(super) fn mint(
        &mut self,
        tenant: &Tenant,
        app: &App,
        proof: Proof,
        now_ms: i64,
        scene: &mut Scene,
    ) -> Done {
        let life_s = life_s(scene);
        let spread_ms = match scene.settings.quirks.roles_spread_late {
            true => scene.settings.bounds.consent_ms,
            false => 0,
        };
        let roles = app.roles_at(now_ms, spread_ms);
        let expires_ms = now_ms + life_s * 1000;
        let claims = claims(tenant, app, proof, roles, [now_ms, expires_ms], scene);
        let token = self.sign(&claims, scene);
        let bearer = Bearer {
            app: app.client_id.to_ascii_lowercase().into(),
            tenant: tenant.id.as_str().into(),
            roles: roles.into(),
        };
        self.forget(now_ms);
        self.tokens
            .insert(token.clone(), Session { bearer, expires_ms });
        Done::ok(json!({
            "token_type": "Bearer",
            "expires_in": life_s,
            "ext_expires_in": life_s,
            "access_token": token,
        }))
    }

    fn sign(&mut self, claims: &Value, scene: &mut Scene) -> String {
        let key = self.key.get_or_insert_with(|| {
            let mut key = [0; 32];
            key.chunks_exact_mut(8)
                .for_each(|part| part.copy_from_slice(&scene.chance.draw().to_be_bytes()));
            key
        });
        let header = json!({"typ": "JWT", "alg": "HS256", "kid": "graph-sim"});
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = match Hmac::<Sha256>::new_from_slice(key) {
            Ok(mut mac) => {
                mac.update(signed.as_bytes());
                URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
            }
            Err(_) => String::new(),
        };
        format!("{signed}.{signature}")
    }

    fn forget(&mut self, now_ms: i64) {
        if self.tokens.len() > TOKENS_MAX {
            self.tokens
                .retain(|_, session| now_ms < session.expires_ms + FORGET_MS);
        }
    }
}

/// Entra draws each token's life between 60 and 90 minutes (graph.md 1.1).
fn life_s(scene: &mut Scene) -> i64 {
    let least = scene.settings.limits.token_s.max(1);
    if !scene.settings.quirks.token_life_varies {
        return least;
    }
    least + scene.chance.below(least as u64 / 2 + 1) as i64
}

fn claims(
    tenant: &Tenant,
    app: &App,
    proof: Proof,
    roles: &[String],
    [now_ms, expires_ms]: [i64; 2],
    scene: &mut Scene,
) -> Value {
    json!({
        "aud": "https://graph.microsoft.com",
        "iss": format!("https://sts.windows.net/{}/", tenant.id),
        "iat": now_ms / 1000,
        "nbf": now_ms / 1000,
        "exp": expires_ms / 1000,
        "appid": app.client_id,
        "appidacr": match proof { Proof::Secret => "1", Proof::Certificate => "2" },
        "idtyp": "app",
        "oid": service_principal_id(&tenant.id, &app.client_id),
        "tid": tenant.id,
        "roles": roles,
        "uti": scene.chance.guid(),
        "ver": "1.0",
    })
}
