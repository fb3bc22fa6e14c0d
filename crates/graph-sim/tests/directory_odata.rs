//! The query language: what passes, what is refused, and in which words.

#![allow(clippy::unwrap_used)]

use graph_sim::odata::{Expand, Filter, Options, OrderBy, Search, Select};
use serde_json::{Value, json};

fn passes(filter: &str, row: Value) -> bool {
    Filter::parse(filter).unwrap().matches(&row)
}

fn refused(filter: &str) -> String {
    Filter::parse(filter).unwrap_err().message()
}

fn anna() -> Value {
    json!({
        "id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd",
        "displayName": "Anna O'Brien",
        "mail": "Anna@Contoso.example",
        "department": null,
        "accountEnabled": true,
        "createdDateTime": "2026-01-02T03:04:05Z",
        "size": 7,
        "emailAddresses": [{"address": "a@x.example", "name": "A"}, {"address": "b@x.example"}],
        "proxyAddresses": ["SMTP:anna@contoso.example", "smtp:ab@contoso.example"],
        "singleValueExtendedProperties": [
            {"id": "String {66F5A359-4659-4830-9070-00047EC6AC6E} Name Key", "value": "Abc"},
            {"id": "Integer {66f5a359-4659-4830-9070-00047ec6ac6e} Name Size", "value": "12"},
        ],
        "businessAddress": {"city": "Köln"},
    })
}

#[test]
fn text_compares_without_case_and_quotes_are_doubled() {
    assert!(passes("mail eq 'anna@contoso.EXAMPLE'", anna()));
    assert!(passes("displayName eq 'Anna O''Brien'", anna()));
    assert!(passes("businessAddress/city eq 'KÖLN'", anna()));
    assert!(!passes("mail eq 'ann@contoso.example'", anna()));
}

#[test]
fn null_equals_only_null_and_is_neither_before_nor_after() {
    assert!(passes("department eq null", anna()));
    assert!(passes("absent eq null", anna()));
    assert!(passes("department ne 'Sales'", anna()));
    assert!(!passes("department ge 'A'", anna()));
    assert!(!passes("department lt 'A'", anna()));
    assert!(!passes("startswith(department,'')", anna()));
}

#[test]
fn and_binds_tighter_than_or_and_not_tighter_than_both() {
    assert!(passes("size eq 7 or size eq 1 and size eq 2", anna()));
    assert!(!passes("(size eq 7 or size eq 1) and size eq 2", anna()));
    assert!(passes("not size eq 1 and size eq 7", anna()));
    assert!(passes("not(size eq 1 or size eq 2)", anna()));
    assert!(passes("NOT startsWith(displayName,'B')", anna()));
}

#[test]
fn guids_instants_numbers_and_booleans_are_read_without_quotes() {
    assert!(passes("id eq 87D349ED-44d7-43e1-9a83-5f2406dee5bd", anna()));
    assert!(passes("createdDateTime ge 2026-01-01T00:00:00Z", anna()));
    assert!(passes(
        "createdDateTime lt 2026-01-02T05:04:05+01:00",
        anna()
    ));
    assert!(passes("createdDateTime gt 2026-01-02", anna()));
    assert!(passes("size le 7 and size gt -1.5", anna()));
    assert!(passes("accountEnabled", anna()));
    assert!(passes("accountEnabled eq true", anna()));
    assert!(!passes("accountEnabled eq false", anna()));
}

#[test]
fn in_takes_a_list() {
    assert!(passes("size in (1, 7)", anna()));
    assert!(passes("displayName in ('x','anna o''brien')", anna()));
    assert!(!passes("size in (1)", anna()));
}

#[test]
fn text_functions_read_beginnings_ends_and_middles() {
    assert!(passes("startswith(displayName,'anna')", anna()));
    assert!(passes("endswith(mail,'.example') eq true", anna()));
    assert!(passes("contains(tolower(mail),'CONTOSO')", anna()));
    assert!(!passes("endswith(mail,'anna')", anna()));
}

#[test]
fn lambdas_look_into_collections() {
    assert!(passes(
        "emailAddresses/any(a:a/address eq 'B@x.example')",
        anna()
    ));
    assert!(!passes(
        "emailAddresses/all(a:a/address eq 'b@x.example')",
        anna()
    ));
    assert!(passes(
        "emailAddresses/all(a:endswith(a/address,'x.example'))",
        anna()
    ));
    assert!(passes(
        "proxyAddresses/any(p:startswith(p,'smtp:ab'))",
        anna()
    ));
    assert!(passes("emailAddresses/any()", anna()));
    assert!(!passes("absent/any()", anna()));
    assert!(passes("emailAddresses/$count eq 2", anna()));
}

#[test]
fn a_lambda_variable_hides_no_property_of_the_row() {
    assert!(passes(
        "emailAddresses/any(a:a/address eq 'b@x.example' and size eq 7)",
        anna()
    ));
}

#[test]
fn extended_properties_are_found_by_id_and_value() {
    let find = |id: &str, value: &str| {
        let filter = format!(
            "singleValueExtendedProperties/Any(ep: ep/id eq '{id}' and ep/value eq '{value}')"
        );
        passes(&filter, anna())
    };
    assert!(find(
        "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Key",
        "abc"
    ));
    // The name is the one part of an id that has case (graph.md 2.6).
    assert!(!find(
        "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name key",
        "abc"
    ));
    assert!(!find(
        "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Key",
        "abd"
    ));
}

#[test]
fn the_extended_property_filter_is_recognised_for_an_index() {
    let filter =
        Filter::parse("singleValueExtendedProperties/Any(ep: ep/id eq 'I' and ep/value eq 'V')")
            .unwrap();
    assert_eq!(filter.extended_property(), Some(("I", "V")));
    let other =
        Filter::parse("singleValueExtendedProperties/Any(ep: ep/id eq 'I' and ep/value ne 'V')")
            .unwrap();
    assert_eq!(other.extended_property(), None);
}

#[test]
fn cast_makes_numbers_of_extended_values() {
    let size = "ep/id eq 'Integer {66f5a359-4659-4830-9070-00047ec6ac6e} Name Size'";
    let more = |n: i32| {
        format!(
            "singleValueExtendedProperties/any(ep: {size} and cast(ep/value, Edm.Int32) gt {n})"
        )
    };
    assert!(passes(&more(9), anna()));
    assert!(!passes(&more(12), anna()));
    assert!(refused("cast(size, Edm.Nothing) eq 1").contains("Edm.Nothing"));
}

#[test]
fn broken_filters_are_refused_in_graphs_words() {
    assert_eq!(
        refused("mail eq 'x"),
        "Invalid filter clause: There is an unterminated string literal at position 8 in 'mail eq 'x'."
    );
    for broken in [
        "",
        "mail eq",
        "mail eq 'a' mail",
        "(mail eq 'a'",
        "eq 'a'",
        "mail & 1",
        "in (1)",
        "a/any(",
        "a/any(b:)",
        "any(a:a eq 1)",
        "'a'",
        "not",
    ] {
        assert!(Filter::parse(broken).is_err(), "{broken}");
    }
}

#[test]
fn hostile_filters_are_refused_before_they_cost_anything() {
    let deep = format!("{}a eq 1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(refused(&deep).contains("too complex"));
    assert!(refused(&"not ".repeat(5000)).contains("too complex"));
    assert!(refused(&vec!["a eq 1"; 300].join(" or ")).contains("too complex"));
    assert!(
        refused(&format!(
            "{}a{} eq 1",
            "tolower(".repeat(99),
            ")".repeat(99)
        ))
        .contains("too complex")
    );
    assert!(Options::parse(&format!("$filter={}", "a".repeat(20_000))).is_err());
}

#[test]
fn nothing_that_is_typed_into_a_filter_panics() {
    let pieces = [
        "a",
        "'",
        "(",
        ")",
        "/",
        "any",
        ":",
        "eq",
        "in",
        ",",
        "not",
        "2026-01-01",
        "é",
        "$",
        "null",
        " ",
        "cast",
        "Edm.Int32",
        "-",
    ];
    let mut state = 7_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..(state % 12) {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
            if state & 1024 == 0 {
                text.push(' ');
            }
        }
        state = state.wrapping_add(1).rotate_left(7);
        let _ = Filter::parse(&text).map(|filter| filter.matches(&anna()));
        let _ = Expand::parse(&text);
        let _ = Search::parse(&text).map(|search| search.matches(&anna()));
        let _ = OrderBy::parse(&text);
        let _ = Options::parse(&format!("$select={text}&$filter={text}"));
    }
}

#[test]
fn an_id_filter_is_recognised_for_delta() {
    let ids = |text: &str| Filter::parse(text).unwrap().ids().map(|ids| ids.join(" "));
    assert_eq!(ids("id eq 'a' or id eq 'b'"), Some("a b".to_owned()));
    assert_eq!(ids("id in ('a','b')"), Some("a b".to_owned()));
    assert_eq!(ids("id eq 'a' and id eq 'b'"), None);
    assert_eq!(ids("mail eq 'a'"), None);
}

#[test]
fn options_are_read_with_and_without_dollar_and_encoded() {
    let options = Options::parse("%24select=id,displayName&top=5&$count=TRUE&$filter=mail%20eq%20'a%2Bb'&$orderby=displayName+desc&startDateTime=2026").unwrap();
    assert_eq!(options.select.unwrap().names, ["id", "displayName"]);
    assert_eq!(options.top, Some(5));
    assert!(options.count);
    assert!(options.filter.unwrap().matches(&json!({"mail": "a+b"})));
    assert!(options.orderby[0].descending);
    assert_eq!(options.others["startDateTime"], "2026");
}

#[test]
fn an_option_may_stand_once_and_numbers_must_be_numbers() {
    let message = |query: &str| Options::parse(query).unwrap_err().message();
    assert_eq!(
        message("$top=1&top=2"),
        "Query option '$top' was specified more than once, but it must be specified at most once."
    );
    assert!(message("$top=-1").contains("'-1'"));
    assert!(message("$count=yes").contains("$count"));
    assert!(message("$select=a,,b").starts_with("Parsing OData Select and Expand failed: "));
}

#[test]
fn names_are_respelled_and_unknown_ones_refused() {
    let known = |name: &str| {
        ["displayName", "mail", "emailAddresses"]
            .into_iter()
            .find(|k| k.eq_ignore_ascii_case(name))
    };
    let mut options = Options::parse("$select=displayname&$filter=MAIL eq 'x' and emailaddresses/any(a:a/b eq 'c')&$orderby=mail").unwrap();
    options.bind("microsoft.graph.user", &known).unwrap();
    assert_eq!(options.select.unwrap().names, ["displayName"]);
    assert!(
        options
            .filter
            .unwrap()
            .matches(&json!({"mail": "x", "emailAddresses": [{"b": "c"}]}))
    );
    let mut options = Options::parse("$filter=nail eq 'x'").unwrap();
    assert_eq!(
        options
            .bind("microsoft.graph.user", &known)
            .unwrap_err()
            .message(),
        "Invalid filter clause: Could not find a property named 'nail' on type 'microsoft.graph.user'."
    );
}

#[test]
fn expand_carries_options_of_its_own() {
    let expand = Expand::parse("manager($select=id,displayName),singleValueExtendedProperties($filter=id eq 'A, (;' or id eq 'B')").unwrap();
    assert_eq!(expand[0].name, "manager");
    assert_eq!(
        expand[0].options.select.as_ref().unwrap().names,
        ["id", "displayName"]
    );
    let ids = expand[1].options.filter.as_ref().unwrap();
    assert_eq!(ids.ids().unwrap(), ["A, (;", "B"]);
    let two = Expand::parse("a($select=x;$top=3;$expand=b($levels=2))").unwrap();
    assert_eq!(two[0].options.top, Some(3));
    assert_eq!(two[0].options.expand[0].name, "b");
    for broken in [
        "",
        "a(",
        "a)",
        "a($select)",
        "a($expand=b($expand=c($expand=d)))",
        "a b",
    ] {
        assert!(Expand::parse(broken).is_err(), "{broken}");
    }
}

#[test]
fn select_projects_and_keeps_what_is_always_there() {
    let row = anna();
    let row = row.as_object().unwrap();
    let select = Select::parse("displayName,businessAddress/city,absent").unwrap();
    let shown: Vec<_> = select
        .project(row, &["id"])
        .into_iter()
        .map(|(k, _)| k)
        .collect();
    assert_eq!(shown, ["businessAddress", "displayName", "id"]);
    assert_eq!(&Select::parse("*").unwrap().project(row, &[]), row);
}

#[test]
fn orderby_puts_null_first_and_ignores_case() {
    let mut rows = [
        json!({"n": "b", "k": 1}),
        json!({"n": "A", "k": 2}),
        json!({"k": 3}),
        json!({"n": "a", "k": 4}),
    ];
    let keys = OrderBy::parse("n asc, k desc").unwrap();
    rows.sort_by(|a, b| OrderBy::compare(&keys, a, b));
    let order: Vec<_> = rows.iter().map(|row| row["k"].as_i64().unwrap()).collect();
    assert_eq!(order, [3, 4, 2, 1]);
}

#[test]
fn search_wants_quotes_and_reads_words() {
    let hits = |text: &str| Search::parse(text).unwrap().matches(&anna());
    assert!(hits("\"displayName:brien\""));
    assert!(hits("\"mail:anna\" AND \"displayName:anna\""));
    assert!(hits("\"mail:zzz\" OR \"displayName:o'b\""));
    assert!(!hits("\"mail:contoso\""));
    assert_eq!(
        Search::parse("displayName:wa").unwrap_err().message(),
        "Syntax error: character ':' is not valid at position 11 in 'displayName:wa'."
    );
    assert!(Search::parse("\"wa\"").is_err());
    assert!(Search::parse("\"a:b\" \"c:d\"").is_err());
}
