//! Sign-in: tokens, their refusals by AADSTS number, consent, and what a token opens.

#![allow(clippy::unwrap_used)]

use graph_sim::app::Rule;
use graph_sim::entra::Entra;
use graph_sim::event::Event;
use graph_sim::fleet;
use graph_sim::shelf::Shelf;
use graph_sim::tenant::Tenant;
use graph_sim::throttle::Throttle;
use graph_sim::{Bearer, Body, Chance, Done, Request, Scene, Settings};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::Digest;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const NOW: i64 = 1_795_417_200_000;
const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";

struct Key {
    pem: String,
    der: Vec<u8>,
    signing: EncodingKey,
}

fn new_key() -> Key {
    let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)
        .unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["almanac".to_owned()])
        .unwrap()
        .self_signed(&pair)
        .unwrap();
    Key {
        pem: certificate.pem(),
        der: certificate.der().to_vec(),
        signing: EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap(),
    }
}

static KEY: LazyLock<Key> = LazyLock::new(new_key);

struct Login {
    entra: Entra,
    tenants: BTreeMap<String, Tenant>,
    settings: Settings,
    chance: Chance,
    throttle: Throttle,
    shelf: Shelf,
    events: Vec<Event>,
    flapped: std::collections::BTreeMap<Vec<String>, i64>,
}

impl Login {
    fn new() -> Login {
        let app = fleet::App {
            client_id: CLIENT.to_owned(),
            client_secret: "s3cret".to_owned(),
            certificates: vec![KEY.pem.clone()],
            roles: Some(vec![
                "User.Read.All".to_owned(),
                "Contacts.ReadWrite".to_owned(),
            ]),
        };
        let tenant = |id: &str, domain: &str, apps: Vec<fleet::App>| fleet::Tenant {
            id: id.to_owned(),
            domain: domain.to_owned(),
            apps,
            ..fleet::Tenant::default()
        };
        let tenants = [
            tenant(TENANT, "contoso.example", vec![app]),
            tenant(OTHER, "fabrikam.example", vec![]),
        ];
        let mut login = Login {
            entra: Entra::default(),
            tenants: BTreeMap::new(),
            settings: Settings::default(),
            chance: Chance::new(1),
            throttle: Throttle::default(),
            shelf: Shelf::default(),
            events: Vec::new(),
            flapped: Default::default(),
        };
        for plan in &tenants {
            let tenant = Tenant::new(plan, NOW, &mut login.scene());
            login.tenants.insert(tenant.id.clone(), tenant);
        }
        login
    }

    fn scene(&mut self) -> Scene<'_> {
        Scene {
            chance: &mut self.chance,
            settings: &self.settings,
            seed: 1,
            throttle: &mut self.throttle,
            shelf: &mut self.shelf,
            events: &mut self.events,
            flapped: &mut self.flapped,
            calm: false,
        }
    }

    fn send(&mut self, method: &str, path: &str, form: &str, now_ms: i64) -> Option<Done> {
        let mut request =
            Request::new(method, &format!("https://login.microsoftonline.com/{path}"));
        request.body = form.to_owned().into();
        let mut scene = Scene {
            chance: &mut self.chance,
            settings: &self.settings,
            seed: 1,
            throttle: &mut self.throttle,
            shelf: &mut self.shelf,
            events: &mut self.events,
            flapped: &mut self.flapped,
            calm: false,
        };
        self.entra
            .answer(&request, &mut self.tenants, now_ms, &mut scene)
    }

    fn post(&mut self, tenant: &str, form: &str) -> Done {
        self.send("POST", &format!("{tenant}/oauth2/v2.0/token"), form, NOW)
            .unwrap()
    }

    fn app(&mut self) -> &mut graph_sim::app::App {
        self.tenants
            .get_mut(TENANT)
            .unwrap()
            .apps
            .get_mut(CLIENT)
            .unwrap()
    }

    fn token(&mut self, now_ms: i64) -> String {
        let path = format!("{TENANT}/oauth2/v2.0/token");
        let done = self
            .send("POST", &path, &secret_form("s3cret"), now_ms)
            .unwrap();
        json_of(&done)["access_token"].as_str().unwrap().to_owned()
    }

    fn bearer(&self, header: &str, now_ms: i64) -> Result<Bearer, Done> {
        let mut request = Request::new("GET", "https://graph.microsoft.com/v1.0/users");
        request
            .headers
            .push(("Authorization".to_owned(), header.to_owned()));
        self.entra.bearer(&request, now_ms)
    }
}

fn secret_form(secret: &str) -> String {
    format!(
        "client_id={CLIENT}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&grant_type=client_credentials&client_secret={secret}"
    )
}

fn assertion_form(assertion: &str) -> String {
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    format!(
        "client_id={CLIENT}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}"
    )
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn claims() -> Value {
    json!({
        "aud": format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"),
        "iss": CLIENT, "sub": CLIENT, "jti": "x",
        "nbf": NOW / 1000, "iat": NOW / 1000, "exp": NOW / 1000 + 600,
    })
}

fn ps256(claims: &Value) -> String {
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(base64(&sha2::Sha256::digest(&KEY.der)));
    encode(&header, claims, &KEY.signing).unwrap()
}

fn json_of(done: &Done) -> &Value {
    match &done.body {
        Body::Json(json) => json,
        other => panic!("{other:?}"),
    }
}

fn refusal(done: &Done) -> (u16, &str, i64) {
    let json = json_of(done);
    (
        done.status,
        json["error"].as_str().unwrap(),
        json["error_codes"][0].as_i64().unwrap(),
    )
}

#[test]
fn a_secret_earns_a_token_in_the_documented_shape() {
    let mut login = Login::new();
    let done = login.post(TENANT, &secret_form("s3cret"));
    assert_eq!(done.status, 200);
    let json = json_of(&done);
    assert_eq!(json["token_type"], "Bearer");
    let life = json["expires_in"].as_i64().unwrap();
    assert!((3599..=5400).contains(&life), "{life}");
    let token = json["access_token"].as_str().unwrap();
    let part = token.split('.').nth(1).unwrap();
    use base64::Engine;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["tid"], TENANT);
    assert_eq!(claims["appidacr"], "1");
    assert_eq!(
        claims["roles"],
        json!(["User.Read.All", "Contacts.ReadWrite"])
    );
}

#[test]
fn tenants_are_named_by_guid_or_domain_in_any_case() {
    let mut login = Login::new();
    assert_eq!(
        login.post("CONTOSO.example", &secret_form("s3cret")).status,
        200
    );
    assert_eq!(
        refusal(&login.post("nowhere.example", &secret_form("s3cret"))),
        (400, "invalid_request", 90002)
    );
    assert_eq!(
        refusal(&login.post("common", &secret_form("s3cret"))),
        (400, "invalid_request", 50059)
    );
}

#[test]
fn secrets_are_refused_as_wrong_or_expired() {
    let mut login = Login::new();
    assert_eq!(
        refusal(&login.post(TENANT, &secret_form("no"))),
        (401, "invalid_client", 7000215)
    );
    login.app().expire_secret("s3cret", NOW);
    assert_eq!(
        refusal(&login.post(TENANT, &secret_form("s3cret"))),
        (401, "invalid_client", 7000222)
    );
    login.app().add_secret("next", Some(NOW + 1));
    assert_eq!(login.post(TENANT, &secret_form("next")).status, 200);
    login.app().remove_secret("next");
    assert_eq!(
        refusal(&login.post(TENANT, &secret_form("next"))),
        (401, "invalid_client", 7000215)
    );
    let none = secret_form("").replace("&client_secret=", "");
    assert_eq!(
        refusal(&login.post(TENANT, &none)),
        (401, "invalid_client", 7000218)
    );
}

#[test]
fn refusals_carry_the_documented_body() {
    let mut login = Login::new();
    let done = login.post(TENANT, &secret_form("no"));
    let json = json_of(&done);
    let description = json["error_description"].as_str().unwrap();
    assert!(
        description.starts_with("AADSTS7000215: Invalid client secret provided."),
        "{description}"
    );
    assert!(
        description.contains("Trace ID: ")
            && description.contains("Timestamp: 2026-11-23 07:00:00Z")
    );
    assert_eq!(json["timestamp"], "2026-11-23 07:00:00Z");
    assert_eq!(
        json["error_uri"],
        "https://login.microsoftonline.com/error?code=7000215"
    );
}

#[test]
fn apps_are_refused_when_unknown_unconsented_or_disabled() {
    let mut login = Login::new();
    let stranger = secret_form("s3cret").replace(CLIENT, "44444444-4444-4444-8444-444444444444");
    assert_eq!(
        refusal(&login.post(TENANT, &stranger)),
        (400, "unauthorized_client", 700016)
    );
    assert_eq!(
        refusal(&login.post(OTHER, &secret_form("s3cret"))),
        (401, "invalid_client", 7000229)
    );
    login.app().disable();
    assert_eq!(
        refusal(&login.post(TENANT, &secret_form("s3cret"))),
        (400, "unauthorized_client", 7000112)
    );
    login.app().revoke();
    assert_eq!(
        refusal(&login.post(TENANT, &secret_form("s3cret"))),
        (401, "invalid_client", 7000229)
    );
}

#[test]
fn requests_must_be_for_graphs_default_scope() {
    let mut login = Login::new();
    let form = secret_form("s3cret");
    let scope = |new: &str| form.replace("https%3A%2F%2Fgraph.microsoft.com%2F.default", new);
    assert_eq!(
        refusal(&login.post(TENANT, &scope("User.Read"))),
        (400, "invalid_scope", 1002012)
    );
    assert_eq!(
        refusal(&login.post(TENANT, &scope("https://x.example/.default"))),
        (400, "invalid_resource", 500011)
    );
    assert_eq!(
        refusal(&login.post(TENANT, &form.replace("client_credentials", "password"))),
        (400, "unsupported_grant_type", 70003)
    );
    assert_eq!(
        refusal(&login.post(TENANT, "")),
        (400, "invalid_request", 900144)
    );
}

#[test]
fn a_ps256_assertion_with_a_sha256_thumbprint_is_accepted() {
    let mut login = Login::new();
    let done = login.post(TENANT, &assertion_form(&ps256(&claims())));
    assert_eq!(done.status, 200, "{done:?}");
}

#[test]
fn an_rs256_assertion_with_a_sha1_thumbprint_is_accepted() {
    let mut login = Login::new();
    let mut header = Header::new(Algorithm::RS256);
    header.x5t = Some(base64(&sha1::Sha1::digest(&KEY.der)));
    let assertion = encode(&header, &claims(), &KEY.signing).unwrap();
    assert_eq!(login.post(TENANT, &assertion_form(&assertion)).status, 200);
    // The same key under a thumbprint that nobody registered.
    header.x5t = Some("AAAA".to_owned());
    let assertion = encode(&header, &claims(), &KEY.signing).unwrap();
    assert_eq!(
        refusal(&login.post(TENANT, &assertion_form(&assertion))),
        (401, "invalid_client", 700027)
    );
}

#[test]
fn assertions_by_another_key_or_changed_on_the_way_are_refused() {
    let mut login = Login::new();
    let stranger = new_key();
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(base64(&sha2::Sha256::digest(&KEY.der)));
    let forged = encode(&header, &claims(), &stranger.signing).unwrap();
    assert_eq!(
        refusal(&login.post(TENANT, &assertion_form(&forged))),
        (401, "invalid_client", 700027)
    );
    login.app().remove_certificate(&KEY.pem);
    assert_eq!(
        refusal(&login.post(TENANT, &assertion_form(&ps256(&claims())))),
        (401, "invalid_client", 700027)
    );
    assert_eq!(
        refusal(&login.post(TENANT, &assertion_form("a.b.c"))),
        (401, "invalid_client", 50027)
    );
}

#[test]
fn assertions_are_checked_for_audience_issuer_and_time() {
    let mut login = Login::new();
    let mut with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        let done = login.post(TENANT, &assertion_form(&ps256(&claims)));
        if done.status == 200 {
            0
        } else {
            refusal(&done).2
        }
    };
    assert_eq!(
        with(
            "aud",
            json!("https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token")
        ),
        0
    );
    assert_eq!(
        with(
            "aud",
            json!(format!(
                "https://login.microsoftonline.com/{OTHER}/oauth2/v2.0/token"
            ))
        ),
        700023
    );
    assert_eq!(with("iss", json!("someone")), 700021);
    assert_eq!(with("sub", json!("someone")), 700021);
    assert_eq!(with("exp", json!(NOW / 1000 - 301)), 700024);
    assert_eq!(with("exp", json!(NOW / 1000 - 200)), 0);
    assert_eq!(with("exp", json!("soon")), 700024);
    assert_eq!(with("nbf", json!(NOW / 1000 + 301)), 700024);
}

#[test]
fn a_token_opens_graph_until_it_is_over() {
    let mut login = Login::new();
    login.settings.quirks.token_life_varies = false;
    let token = login.token(NOW);
    let bearer = login
        .bearer(&format!("Bearer {token}"), NOW + 3_598_000)
        .unwrap();
    assert_eq!(&*bearer.tenant, TENANT);
    assert!(bearer.may(&["User.Read.All"]) && !bearer.may(&["Group.Read.All"]));
    let over = login
        .bearer(&format!("Bearer {token}"), NOW + 3_599_000)
        .unwrap_err();
    assert_eq!(
        (over.status, over.code()),
        (401, Some("InvalidAuthenticationToken"))
    );
    assert!(
        over.headers
            .iter()
            .any(|(name, _)| name == "www-authenticate")
    );
}

#[test]
fn missing_malformed_and_forged_tokens_are_told_apart() {
    let mut login = Login::new();
    let token = login.token(NOW);
    let message = |header: &str| {
        let done = login.bearer(header, NOW).unwrap_err();
        assert_eq!(done.status, 401);
        json_of(&done)["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(message("Basic abc"), "Access token is empty.");
    assert!(message("Bearer abc").starts_with("IDX14100"));
    assert!(message(&format!("Bearer {token}x")).contains("Invalid signature"));
}

#[test]
fn ended_tokens_are_over_at_once() {
    let mut login = Login::new();
    let token = login.token(NOW);
    login.entra.end_tokens(TENANT, CLIENT, NOW + 1);
    assert!(login.bearer(&format!("Bearer {token}"), NOW).is_ok());
    assert!(login.bearer(&format!("Bearer {token}"), NOW + 1).is_err());
}

#[test]
fn granted_roles_are_late_in_tokens_when_the_quirk_is_on() {
    let mut login = Login::new();
    let roles = ["Group.Read.All".to_owned()];
    login.app().grant(&roles, NOW);
    let token = login.token(NOW);
    assert!(
        login
            .bearer(&format!("Bearer {token}"), NOW)
            .unwrap()
            .may(&["Group.Read.All"])
    );
    login.settings.quirks.roles_spread_late = true;
    let early = login.token(NOW + 299_999);
    assert!(
        login
            .bearer(&format!("Bearer {early}"), NOW + 299_999)
            .unwrap()
            .may(&["User.Read.All"])
    );
    let late = login.token(NOW + 300_000);
    assert_eq!(
        &*login
            .bearer(&format!("Bearer {late}"), NOW + 300_000)
            .unwrap()
            .roles,
        &roles
    );
}

#[test]
fn consent_redirects_and_installs_the_app() {
    let mut login = Login::new();
    let query = format!(
        "client_id={CLIENT}&scope=https://graph.microsoft.com/.default&redirect_uri=http%3A%2F%2Flocalhost%2Fback&state=a%26b"
    );
    let done = login
        .send(
            "GET",
            &format!("fabrikam.example/v2.0/adminconsent?{query}"),
            "",
            NOW,
        )
        .unwrap();
    assert_eq!(done.status, 302);
    assert_eq!(
        done.headers[0].1,
        format!(
            "http://localhost/back?admin_consent=True&tenant={OTHER}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&state=a%26b"
        )
    );
    assert_eq!(login.post(OTHER, &secret_form("s3cret")).status, 200);
}

#[test]
fn a_declined_consent_redirects_with_the_error_and_installs_nothing() {
    let mut login = Login::new();
    login.entra.consent_declined = true;
    let query = format!("client_id={CLIENT}&redirect_uri=http://localhost/back&state=s");
    let done = login
        .send(
            "GET",
            &format!("{OTHER}/v2.0/adminconsent?{query}"),
            "",
            NOW,
        )
        .unwrap();
    assert!(
        done.headers[0]
            .1
            .contains("error=consent_required&error_description=AADSTS65004")
    );
    assert_eq!(
        refusal(&login.post(OTHER, &secret_form("s3cret"))).2,
        7000229
    );
}

#[test]
fn consent_for_organizations_needs_to_know_which() {
    let mut login = Login::new();
    let query = format!("client_id={CLIENT}&redirect_uri=http://localhost/back");
    let done = login
        .send(
            "GET",
            &format!("organizations/v2.0/adminconsent?{query}"),
            "",
            NOW,
        )
        .unwrap();
    assert_eq!(refusal(&done).2, 50059);
    login.tenants.remove(OTHER);
    let done = login
        .send(
            "GET",
            &format!("organizations/v2.0/adminconsent?{query}"),
            "",
            NOW,
        )
        .unwrap();
    assert!(done.headers[0].1.contains(TENANT));
}

#[test]
fn discovery_names_endpoints_on_the_host_that_was_asked() {
    let mut login = Login::new();
    let done = login
        .send(
            "GET",
            "contoso.example/v2.0/.well-known/openid-configuration",
            "",
            NOW,
        )
        .unwrap();
    assert_eq!(
        json_of(&done)["token_endpoint"],
        format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token")
    );
    let done = login
        .send("GET", "common/discovery/instance?api-version=1.1", "", NOW)
        .unwrap();
    assert_eq!(
        json_of(&done)["metadata"][0]["preferred_network"],
        "login.microsoftonline.com"
    );
    assert!(login.send("GET", "v1.0/users", "", NOW).is_none());
}

fn bearer_with(roles: &[&str]) -> Bearer {
    Bearer {
        app: CLIENT.into(),
        tenant: TENANT.into(),
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
    }
}

fn answer(done: Result<(), Done>) -> u16 {
    done.map_or_else(|done| done.status, |()| 200)
}

#[test]
fn an_access_policy_keeps_the_app_out_of_other_mailboxes() {
    let mut login = Login::new();
    let app = login.app();
    let bearer = bearer_with(&["Contacts.ReadWrite"]);
    app.limit(Rule::Policy(["in".to_owned()].into()), NOW, NOW + 1000);
    let wanted = ["Contacts.ReadWrite"];
    assert_eq!(
        answer(app.may_touch(&bearer, &wanted, "out", NOW)),
        200,
        "not yet spread"
    );
    assert_eq!(
        answer(app.may_touch(&bearer, &wanted, "in", NOW + 1000)),
        200
    );
    let refused = app
        .may_touch(&bearer, &wanted, "out", NOW + 1000)
        .unwrap_err();
    assert_eq!(refused.status, 403);
    assert!(
        json_of(&refused)["error"]["message"]
            .as_str()
            .unwrap()
            .contains("[RAOP]")
    );
    assert_eq!(
        answer(app.may_touch(&bearer_with(&[]), &wanted, "in", NOW + 1000)),
        403
    );
}

#[test]
fn exchange_roles_hold_for_their_mailboxes_and_add_to_the_tokens() {
    let mut login = Login::new();
    let app = login.app();
    let rule = Rule::Rbac {
        roles: ["Contacts.ReadWrite".to_owned()].into(),
        mailboxes: ["in".to_owned()].into(),
    };
    app.limit(rule, NOW, NOW);
    let wanted = ["Contacts.ReadWrite"];
    let bare = bearer_with(&["User.Read.All"]);
    assert_eq!(answer(app.may_touch(&bare, &wanted, "in", NOW)), 200);
    assert_eq!(answer(app.may_touch(&bare, &wanted, "out", NOW)), 403);
    // An organisation-wide grant in Entra defeats the scope (graph.md 1.6).
    assert_eq!(
        answer(app.may_touch(&bearer_with(&wanted), &wanted, "out", NOW)),
        200
    );
}
