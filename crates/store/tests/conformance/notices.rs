//! Notices and settings: one word when trouble begins, one when it is over.

use crate::support::*;
use futures::executor::block_on;
use model::Millis;
use store::Store;

const HOLD: &str = "hold t-1";

fn open(store: &Store, after: i64) -> bool {
    let at = NOW + Millis(after);
    block_on(store.open_notice(&tenant(), HOLD, "31 deletions wait", at)).unwrap()
}

fn close(store: &Store, after: i64) -> bool {
    block_on(store.close_notice(&tenant(), HOLD, NOW + Millis(after))).unwrap()
}

/// Tells everything that waits, and answers what it was: `begins` or `over`.
fn tell(store: &Store) -> Vec<&'static str> {
    let waiting = block_on(store.untold_notices()).unwrap();
    for notice in &waiting {
        block_on(store.notice_told(notice, NOW)).unwrap();
    }
    let word = |over: bool| if over { "over" } else { "begins" };
    waiting
        .iter()
        .map(|n| word(n.closed_at.is_some()))
        .collect()
}

#[test]
fn one_notice_when_it_begins_and_one_when_it_is_over() {
    on_each(|bench| {
        let store = &bench.store;
        assert!(open(store, 0));
        assert!(!open(store, 1));
        assert_eq!(tell(store), ["begins"]);
        assert_eq!(tell(store), [""; 0]);
        assert_eq!(
            block_on(store.open_notices(Some(&tenant()))).unwrap().len(),
            1
        );
        assert!(close(store, 2));
        assert!(!close(store, 3));
        assert_eq!(tell(store), ["over"]);
        assert_eq!(tell(store), [""; 0]);
        assert!(open(store, 4), "it may begin again");
        assert_eq!(tell(store), ["begins"]);
    });
}

#[test]
fn trouble_that_nobody_heard_of_ends_without_a_word() {
    on_each(|bench| {
        let store = &bench.store;
        open(store, 0);
        assert!(!close(store, 1));
        assert_eq!(tell(store), [""; 0]);
    });
}

#[test]
fn trouble_that_comes_back_before_its_end_was_told_just_goes_on() {
    on_each(|bench| {
        let store = &bench.store;
        open(store, 0);
        tell(store);
        close(store, 1);
        assert!(!open(store, 2));
        assert_eq!(tell(store), [""; 0]);
        assert_eq!(
            block_on(store.open_notices(None)).unwrap()[0].opened_at,
            NOW
        );
    });
}

#[test]
fn settings_are_kept_by_scope() {
    on_each(|bench| {
        let store = &bench.store;
        let set = |value| block_on(store.set_setting("tenant:contoso", "region", value)).unwrap();
        assert!(set(Some("CH")));
        assert!(!set(Some("CH")));
        let read = |scope| block_on(store.setting(scope, "region")).unwrap();
        assert_eq!(read("tenant:contoso").as_deref(), Some("CH"));
        assert_eq!(read("tenant:fabrikam"), None);
        assert_eq!(block_on(store.settings("tenant:contoso")).unwrap().len(), 1);
        assert!(set(None));
        assert_eq!(read("tenant:contoso"), None);
    });
}

#[test]
fn the_stores_clock_is_the_one_it_was_given() {
    on_each(|bench| {
        bench.clock.pass(Millis(7));
        assert_eq!(block_on(bench.store.time()), Ok(NOW + Millis(7)));
    });
}
