//! A mailbox whose account is deleted: nobody waits for it for ever.
#![allow(clippy::unwrap_used)]

mod house;

use engine::Ask;
use engine::block::Block;
use futures::executor::block_on;
use graph_sim::directory::DirectoryAct;
use house::House;
use model::member::{Member, MemberState};
use model::plan::Reason;
use model::run::{Run, RunState};
use model::{MemberId, Millis};

/// Runs once an hour until nothing is left to do.
fn until_quiet(house: &mut House) -> Vec<Run> {
    let mut runs = Vec::new();
    for _ in 0..8 {
        house.wait(Millis::hours(1));
        let run = house.run(Ask::default());
        let over = run.state == RunState::Done && run.account.planned == 0;
        runs.push(run);
        if over && runs.len() > 3 {
            break;
        }
    }
    runs
}

fn member(house: &House, id: MemberId) -> Member {
    house.members().into_iter().find(|m| m.id == id).unwrap()
}

/// What the plans of a run left alone, and why.
fn notes(house: &House, run: &Run) -> Vec<Reason> {
    let blocks = block_on(house.engine.store().blocks(run.id)).unwrap();
    let blocks = blocks
        .iter()
        .map(|row| serde_json::from_slice(&row.bytes).unwrap());
    blocks
        .flat_map(|block: Block| block.notes)
        .map(|note| note.reason)
        .collect()
}

#[test]
fn the_mailbox_of_a_deleted_account_ends_as_left_with_a_note() {
    let mut house = House::new();
    assert_eq!(house.run(Ask::default()).state, RunState::Done);
    let gone = house.members()[2].clone();
    let id = gone.mailbox.as_str().to_owned();
    house.admin(DirectoryAct::DeleteUser { id });
    let runs = until_quiet(&mut house);
    assert_eq!(member(&house, gone.id).state, MemberState::Left);
    let last = runs.last().unwrap();
    assert_eq!(
        (last.state, last.account.planned),
        (RunState::Done, 0),
        "{}",
        last.reason
    );
    let told = runs
        .iter()
        .filter(|run| notes(&house, run).contains(&Reason::CopiesKept));
    assert_eq!(told.count(), 1, "told once, in the run in which it left");
}

#[test]
fn copies_that_were_to_be_taken_back_stay_in_a_mailbox_that_is_gone() {
    let mut house = House::new();
    house.run(Ask::default());
    let gone = house.members()[2].clone();
    // Both happen before the next look: the tunnel is removed with its copies, and the account goes.
    house.engine.set_policy(house::read(&format!(
        "{}    state: removed\n    copies: remove\n",
        house::POLICY
    )));
    let id = gone.mailbox.as_str().to_owned();
    house.admin(DirectoryAct::DeleteUser { id });
    let approved = Ask {
        approved: true,
        ..Ask::default()
    };
    for _ in 0..6 {
        house.wait(Millis::hours(1));
        house.run(approved.clone());
    }
    let open: Vec<Member> = house
        .members()
        .into_iter()
        .filter(|m| m.state != MemberState::Left)
        .collect();
    assert_eq!(open, [], "every member left");
}

#[test]
fn an_account_that_comes_back_takes_part_again_and_nothing_is_doubled() {
    let mut house = House::new();
    let filled = house.run(Ask::default());
    let gone = house.members()[2].clone();
    let id = gone.mailbox.as_str().to_owned();
    house.admin(DirectoryAct::DeleteUser { id: id.clone() });
    until_quiet(&mut house);
    house.admin(DirectoryAct::RestoreUser { id: id.clone() });
    until_quiet(&mut house);
    assert_eq!(member(&house, gone.id).state, MemberState::Active);
    let tenant = house.tenant.clone();
    let cards = house.cloud.lock().unwrap().contacts(&tenant, &id);
    let mut names: Vec<String> = cards
        .iter()
        .filter(|card| card.folder.name == "Contoso people")
        .map(|card| card.properties["displayName"].to_string())
        .collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "a card was made twice");
    assert!(all > 10 && filled.account.done > 0);
}
