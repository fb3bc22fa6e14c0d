//! The tables by which answers are judged, as text.

use expect_test::{Expect, expect};
use graph::answer::fault::{Fault, safe};
use graph::answer::read::sense;
use graph::answer::write::{Verb, fate};
use graph::answer::{throttle, token};
use graph::{Place, SignInReason};
use model::{Millis, TenantName, Timestamp};

fn fault(status: u16, code: &str) -> Fault {
    let body = format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"m\"}}}}");
    Fault::read(status, body.as_bytes())
}

fn check(lines: impl Iterator<Item = String>, expected: Expect) {
    let lines: Vec<String> = lines.map(|line| format!("{}\n", line.trim_end())).collect();
    expected.assert_eq(&lines.concat());
}

const ANSWERS: &[(u16, &str)] = &[
    (200, ""),
    (204, ""),
    (302, ""),
    (400, "ErrorInvalidProperty"),
    (400, "syncStateNotFound"),
    (401, "InvalidAuthenticationToken"),
    (403, "ErrorAccessDenied"),
    (403, "ErrorQuotaExceeded"),
    (404, ""),
    (404, "ErrorItemNotFound"),
    (404, "MailboxNotEnabledForRESTAPI"),
    (404, "ErrorInvalidUser"),
    (404, "Request_ResourceNotFound"),
    (408, ""),
    (409, "ErrorIrresolvableConflict"),
    (410, "SyncStateNotFound"),
    (412, "ErrorIrresolvableConflict"),
    (413, ""),
    (422, ""),
    (423, "ErrorMailboxMoveInProgress"),
    (424, ""),
    (429, "ApplicationThrottled"),
    (445, ""),
    (451, ""),
    (500, "ErrorInternalServerTransientError"),
    (502, ""),
    (503, ""),
    (503, "ApplicationThrottled"),
    (504, "UnknownError"),
    (507, "ErrorQuotaExceeded"),
];

#[test]
fn what_an_answer_to_a_write_means() {
    let verbs = [Verb::Create, Verb::Update, Verb::Delete, Verb::Photo];
    let head = format!("{:39}create        update        delete        photo", "");
    let rows = ANSWERS.iter().map(|(status, code)| {
        let fates = verbs.map(|verb| format!("{:?}", fate(verb, *status, &fault(*status, code))));
        let [c, u, d, p] = fates;
        format!("{status} {code:34} {c:13} {u:13} {d:13} {p}")
    });
    check(
        std::iter::once(head).chain(rows),
        expect![[r#"
                                               create        update        delete        photo
        200                                    Done          Done          Done          Done
        204                                    Done          Done          Done          Done
        302                                    Unknown       Unknown       Unknown       Unknown
        400 ErrorInvalidProperty               Refused       Refused       Refused       Refused
        400 syncStateNotFound                  Refused       Refused       Refused       Refused
        401 InvalidAuthenticationToken         Unauthorized  Unauthorized  Unauthorized  Unauthorized
        403 ErrorAccessDenied                  Mailbox       Mailbox       Mailbox       Mailbox
        403 ErrorQuotaExceeded                 Mailbox       Mailbox       Mailbox       Mailbox
        404                                    Mailbox       Mailbox       Mailbox       Mailbox
        404 ErrorItemNotFound                  Mailbox       Gone          Gone          Gone
        404 MailboxNotEnabledForRESTAPI        Mailbox       Mailbox       Mailbox       Mailbox
        404 ErrorInvalidUser                   Mailbox       Mailbox       Mailbox       Mailbox
        404 Request_ResourceNotFound           Mailbox       Mailbox       Mailbox       Mailbox
        408                                    Unknown       Unknown       Unknown       Unknown
        409 ErrorIrresolvableConflict          Unknown       Stale         Unknown       Stale
        410 SyncStateNotFound                  Unknown       Unknown       Unknown       Unknown
        412 ErrorIrresolvableConflict          Unknown       Stale         Stale         Unknown
        413                                    Refused       Refused       Refused       Refused
        422                                    Refused       Refused       Refused       Refused
        423 ErrorMailboxMoveInProgress         Unknown       Unknown       Unknown       Unknown
        424                                    NotRun        NotRun        NotRun        NotRun
        429 ApplicationThrottled               Throttled     Throttled     Throttled     Throttled
        445                                    Unknown       Unknown       Unknown       Unknown
        451                                    Unknown       Unknown       Unknown       Unknown
        500 ErrorInternalServerTransientError  Unknown       Unknown       Unknown       Unknown
        502                                    Unknown       Unknown       Unknown       Unknown
        503                                    Unknown       Unknown       Unknown       Unknown
        503 ApplicationThrottled               Unknown       Unknown       Unknown       Unknown
        504 UnknownError                       Unknown       Unknown       Unknown       Unknown
        507 ErrorQuotaExceeded                 Unknown       Unknown       Unknown       Unknown
    "#]],
    );
}

#[test]
fn what_an_answer_to_a_read_means() {
    let rows = ANSWERS.iter().map(|(status, code)| {
        let fault = fault(*status, code);
        let fault = (!(200..300).contains(status)).then_some(&fault);
        let mut means = format!("{:?}", sense(fault, *status, false));
        let facts = [
            (fault.is_some_and(Fault::is_gone), "gone"),
            (fault.is_some_and(Fault::is_no_mailbox), "no mailbox"),
            (fault.is_some_and(Fault::is_lost_cursor), "lost cursor"),
            (fault.is_some_and(Fault::is_full), "full"),
        ];
        for (is_so, name) in facts {
            if is_so {
                means.push_str(&format!(", {name}"));
            }
        }
        format!("{status} {code:34} {means}")
    });
    check(
        rows,
        expect![[r#"
        200                                    Done
        204                                    Done
        302                                    Again
        400 ErrorInvalidProperty               Definite
        400 syncStateNotFound                  Definite, lost cursor
        401 InvalidAuthenticationToken         Unauthorized
        403 ErrorAccessDenied                  Definite
        403 ErrorQuotaExceeded                 Definite, full
        404                                    Definite
        404 ErrorItemNotFound                  Definite, gone
        404 MailboxNotEnabledForRESTAPI        Definite, no mailbox
        404 ErrorInvalidUser                   Definite, no mailbox
        404 Request_ResourceNotFound           Definite, gone
        408                                    Again
        409 ErrorIrresolvableConflict          Again
        410 SyncStateNotFound                  Definite, lost cursor
        412 ErrorIrresolvableConflict          Definite
        413                                    Definite
        422                                    Definite
        423 ErrorMailboxMoveInProgress         Again
        424                                    Definite
        429 ApplicationThrottled               Throttled
        445                                    Throttled
        451                                    Throttled
        500 ErrorInternalServerTransientError  Again
        502                                    Again
        503                                    Again
        503 ApplicationThrottled               Throttled
        504 UnknownError                       Again
        507 ErrorQuotaExceeded                 Definite, full
    "#]],
    );
}

#[test]
fn a_retry_after_is_a_number_a_fraction_or_a_date_and_never_absurd() {
    let now = Timestamp(1_795_456_800_000);
    let told = [
        None,
        Some("0"),
        Some("5"),
        Some(" 2.128 "),
        Some("-3"),
        Some("1e300"),
        Some("NaN"),
        Some("soon"),
        Some("Mon, 23 Nov 2026 18:00:30 GMT"),
        Some("Mon, 23 Nov 2026 17:00:00 GMT"),
        Some("Mon, 23 Nov 2099 17:00:00 GMT"),
    ];
    let rows = told.iter().map(|text| {
        let until = throttle::until(*text, now, Millis::seconds(1), Millis::minutes(15));
        format!("{:33} {}", format!("{text:?}"), until.since(now))
    });
    check(
        rows,
        expect![[r#"
        None                              1s
        Some("0")                         1s
        Some("5")                         5s
        Some(" 2.128 ")                   2s 128ms
        Some("-3")                        1s
        Some("1e300")                     15m
        Some("NaN")                       1s
        Some("soon")                      1s
        Some("Mon, 23 Nov 2026 18:00:30 GMT") 30s
        Some("Mon, 23 Nov 2026 17:00:00 GMT") 1s
        Some("Mon, 23 Nov 2099 17:00:00 GMT") 15m
    "#]],
    );
}

#[test]
fn what_the_token_endpoint_refuses_with() {
    let codes = [
        7_000_229, 700_016, 90_002, 7_000_215, 7_000_222, 700_027, 700_024, 7_000_112, 53_003,
        500_011, 70_011, 1_002_012, 4_711,
    ];
    let rows = codes.iter().map(|code| {
        let body = format!("{{\"error\":\"invalid_client\",\"error_codes\":[{code}]}}");
        let reason = token::denied(body.as_bytes()).expect("a refusal");
        format!("{code}: {reason}")
    });
    check(
        rows,
        expect![[r#"
        7000229: the app is not consented in this tenant; have the client's admin open the consent link of `tenant add`
        700016: the app is not consented in this tenant; have the client's admin open the consent link of `tenant add`
        90002: there is no such tenant; check the directory id in the configuration
        7000215: the client secret is wrong; put the current one into the configuration
        7000222: the client secret has expired; make a new one, or better use a certificate
        700027: our certificate is not known to the app registration; upload the one that `tenant add` made
        700024: our assertion is outside its time window; set this machine's clock right
        7000112: the app is disabled; enable it in the enterprise applications of the tenant
        53003: a Conditional Access policy blocks the app; have the client's admin exempt it
        500011: the scope or resource is wrong; check the cloud that the endpoints name
        70011: the scope or resource is wrong; check the cloud that the endpoints name
        1002012: the scope or resource is wrong; check the cloud that the endpoints name
        4711: invalid_client (AADSTS4711); look the number up and correct the app registration
    "#]],
    );
    let described = br#"{"error":"x","error_description":"AADSTS7000215: Invalid client secret"}"#;
    assert_eq!(token::denied(described), Some(SignInReason::BadSecret));
    assert_eq!(token::denied(b"<html>proxy</html>"), None);
}

#[test]
fn a_token_is_used_until_five_minutes_before_its_end() {
    let life = |body: &str| {
        let token = token::granted(body.as_bytes(), Timestamp(0)).expect("a token");
        token.good_until.0 / 1_000
    };
    assert_eq!(life(r#"{"access_token":"t","expires_in":3599}"#), 3_299);
    assert_eq!(life(r#"{"access_token":"t","expires_in":"3599"}"#), 3_299);
    assert_eq!(life(r#"{"access_token":"t","expires_in":120}"#), 60);
    assert!(token::granted(b"{\"error\":\"x\"}", Timestamp(0)).is_err());
}

#[test]
fn the_most_specific_known_code_counts_and_words_are_safe_to_show() {
    let nested = br#"{"error":{"code":"BadRequest","message":"The user 'ann@contoso.example' and bob@contoso.example \"Bob\" are wrong.","innerError":{"code":"somethingElse","innererror":{"code":"ErrorItemNotFound"}}}}"#;
    let fault = Fault::read(404, nested);
    assert_eq!(fault.code, "ErrorItemNotFound");
    assert_eq!(fault.message, "The user … and … … are wrong.");
    assert_eq!(safe("an 'unclosed quote with ann"), "an …");
    assert_eq!(safe("It can't be 'O'Brien' now"), "It can't be … now");
    let html = Fault::read(502, b"<html>");
    assert_eq!((html.code.as_str(), html.message.as_str()), ("", ""));
}

#[test]
fn every_error_is_one_sentence_that_says_what_where_and_what_to_do() {
    let at = || Place {
        tenant: TenantName::from("contoso"),
        mailbox: None,
        doing: "doing something",
    };
    let answers = [
        (400, "ErrorInvalidProperty"),
        (401, "InvalidAuthenticationToken"),
        (410, "SyncStateNotFound"),
        (403, "Authorization_RequestDenied"),
        (404, "ErrorItemNotFound"),
        (404, "ErrorNonExistentMailbox"),
        (504, ""),
        (507, ""),
    ];
    let rows = answers
        .iter()
        .map(|(status, code)| fault(*status, code).error(at()).to_string());
    check(
        rows,
        expect![[r#"
            Microsoft refused the request (tenant contoso, while doing something): status 400, code ErrorInvalidProperty, "m"; report it with this code if it stays
            Microsoft denied access (tenant contoso, while doing something, code InvalidAuthenticationToken): grant the permission that `tenant check` names, or widen the app's mailbox scope; fresh grants take up to two hours
            Microsoft's answer was not complete (tenant contoso, while doing something): its pages were lost on the way (SyncStateNotFound); nothing was concluded from it and it is asked again later
            Microsoft denied access (tenant contoso, while doing something, code Authorization_RequestDenied): grant the permission that `tenant check` names, or widen the app's mailbox scope; fresh grants take up to two hours
            what was asked for is not there (tenant contoso, while doing something): it was deleted or never existed; check the name or id in the policy
            there is no usable mailbox (tenant contoso, while doing something, code ErrorNonExistentMailbox): check licence and state of the account; a new mailbox answers within about 15 minutes
            Microsoft did not answer (tenant contoso, while doing something): status 504; it is asked again later
            the mailbox is full (tenant contoso, while doing something): make room in it; writing goes on by itself then
        "#]],
    );
}
