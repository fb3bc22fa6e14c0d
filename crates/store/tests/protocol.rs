//! The writing protocol: what is durable before a request, and what is refused.

mod support;

use futures::executor::block_on;
use model::link::Op;
use support::*;

#[test]
fn an_intent_is_durable_before_it_is_sent_and_taken_once() {
    let store = memory();
    let (member, run) = (member(&store, "ada"), run(&store));
    let lease = lease(&store, "ada");
    let intents = || vec![create(1), create(2)];
    let taken = block_on(store.intend(&lease, run, member, intents(), NOW)).unwrap();
    assert_eq!(taken, [true, true]);
    let again = block_on(store.intend(&lease, run, member, intents(), NOW)).unwrap();
    assert_eq!(again, [false, false]);
    assert_eq!(block_on(store.links_unsettled(member)).unwrap().len(), 2);

    let settled = vec![done(member, 1, "item-1", Op::Create)];
    block_on(store.settle(&lease, run, member, settled, NOW)).unwrap();
    assert_eq!(block_on(store.links_unsettled(member)).unwrap().len(), 1);
    assert_eq!(block_on(store.count_copies(member)).unwrap(), 1);
    assert_eq!(block_on(store.verify_ledger()).unwrap(), None);
}
