//! `almanac simulate --script`: a story is told, and a slip in one is pointed at.
#![allow(clippy::unwrap_used)]

mod binary;

use binary::Home;
use expect_test::expect;

const STORY: &str = r#"# One card.
person Anna Berg, mailbox

policy
  tunnels:
    - id: t-team
      tenant: contoso
      owner: desk@msp.example
      sources: [{ directory: {} }]
      targets: { everyone: true, folder: Team }

run
show folder Anna
"#;

#[test]
fn a_story_is_told_with_what_came_of_each_line() {
    let home = Home::new();
    home.write("one.txt", STORY);
    let told = home.run(&["simulate", "--script", &home.text("one.txt")]);
    let from = told.stdout.find("run\n").unwrap();
    expect![[r#"
        run
          | run 1 of Team is done: 1 planned, 1 done
          |   in Anna Berg: created Anna Berg
        show folder Anna
          | Team:
          |   Anna Berg  ours  anna.berg@contoso.example
    "#]]
    .assert_eq(&told.stdout[from..]);
    told.is(0, expect![""]);
}

#[test]
fn a_slip_in_a_script_is_told_with_its_line_before_anything_is_played() {
    let home = Home::new();
    home.write("slip.txt", &format!("{STORY}run twice\n"));
    let told = home.run(&["simulate", "--script", &home.text("slip.txt")]);
    assert_eq!(told.stdout, "");
    told.is(65, expect!["almanac: $HOME/slip.txt:14: expected `run` or `run in full` or `run with two workers`; docs/stories.md has every form"]);
}

#[test]
fn what_cannot_be_done_is_told_with_its_line_after_what_was_done() {
    let home = Home::new();
    home.write("nobody.txt", &format!("{STORY}remove Bruno\n"));
    let told = home.run(&["simulate", "--script", &home.text("nobody.txt")]);
    assert!(told.stdout.contains("in Anna Berg: created Anna Berg"));
    told.is(65, expect!["almanac: $HOME/nobody.txt:14: nobody is called Bruno; there are Anna Berg; docs/stories.md has every form"]);
}

#[test]
fn a_script_that_is_not_there_is_told_so() {
    let home = Home::new();
    let told = home.run(&["simulate", "--script", &home.text("none.txt")]);
    told.is(
        65,
        expect!["almanac: cannot read $HOME/none.txt: no such file or directory; check the path"],
    );
}
