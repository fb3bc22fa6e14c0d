//! The first journey, end to end through the real parts: the company's people in every mailbox.

mod house;

use engine::Ask;
use house::House;
use model::run::RunState;

#[test]
fn the_company_directory_reaches_every_mailbox() {
    let mut house = House::new();
    let plan = house.run(Ask {
        plan_only: true,
        ..Ask::default()
    });
    assert_eq!(plan.state, RunState::Planned);
    let run = house.run(Ask::default());
    assert_eq!(run.state, RunState::Done, "{}", run.reason);
    assert!(
        run.account.balances() && run.account.done > 400,
        "{:?}",
        run.account
    );
    let quiet = house.run(Ask::default());
    assert_eq!((quiet.state, quiet.account.planned), (RunState::Done, 0));
    let asked = house.log.lock().unwrap();
    assert_eq!(
        asked.len(),
        2,
        "a quiet run costs one delta round per source: {asked:?}"
    );
    assert!(
        asked.iter().all(|line| line.contains("/delta")),
        "{asked:?}"
    );
}
