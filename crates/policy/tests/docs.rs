//! What docs/tunnels.md says is what the reader does.

use model::Field;
use model::TenantName;
use model::tunnel::FieldRule;

const PAGE: &str = include_str!("../../../docs/tunnels.md");

/// The cells of every table row of the page.
fn rows() -> Vec<Vec<String>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    })
    .collect()
}

/// The words in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_example_of_the_page_is_a_valid_document() {
    let tenants: Vec<TenantName> = vec!["contoso".into()];
    let examples: Vec<&str> = PAGE
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() >= 8);
    for example in examples {
        let read = policy::read(&[("docs/tunnels.md", example)], &tenants);
        assert!(
            read.is_ok(),
            "{example}\n{}",
            read.expect_err("problems")[0]
        );
    }
}

#[test]
fn every_key_of_the_schema_is_in_a_table() {
    let rows = rows();
    let named: Vec<&str> = rows.iter().flat_map(|cells| quoted(&cells[0])).collect();
    let schema = policy::schema();
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        for key in definition["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
        {
            let covered = named
                .iter()
                .any(|word| word.rsplit('.').next() == Some(key));
            assert!(
                covered || ["directory", "mailbox", "hold_above"].contains(&key.as_str()),
                "{name}.{key}"
            );
        }
    }
}

#[test]
fn the_table_of_fields_gives_their_true_defaults() {
    for field in Field::ALL {
        let row = rows()
            .into_iter()
            .find(|cells| quoted(&cells[0]).contains(&field.as_str()) && cells.len() == 3);
        let row = row.unwrap_or_else(|| panic!("{field} is in no table"));
        let FieldRule {
            when_present,
            when_blank,
        } = policy::default_rule(*field);
        let said = serde_json::json!([quoted(&row[1])[0], quoted(&row[2])[0]]);
        assert_eq!(
            said,
            serde_json::json!([when_present, when_blank]),
            "{field}"
        );
    }
}

#[test]
fn the_tables_give_the_true_defaults_of_options_and_limits() {
    let schema = policy::schema();
    for definition in [
        "OptionsDocument",
        "HoldAboveDocument",
        "DirectoryDocument",
        "FolderDocument",
    ] {
        for (key, rule) in schema["$defs"][definition]["properties"]
            .as_object()
            .expect("keys")
        {
            let Some(default) = rule.get("default") else {
                continue;
            };
            let shown = default
                .as_str()
                .map_or_else(|| default.to_string(), str::to_owned);
            let said = rows()
                .into_iter()
                .any(|cells| quoted(&cells[0]) == [key] && cells[1].trim_matches('`') == shown);
            assert!(said, "{definition}.{key}: {shown}");
        }
    }
}
