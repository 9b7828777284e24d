use std::task::Waker;

use shared::entry::{Entry, Said};
use shared::message::{Down, Json, State, ToNode, User, Why};
use shared::process::Origin;

use super::mail::{MAX_MAIL, MAX_MAIL_WEIGHT};
use super::pen::tests::Paper;
use super::waiting::MAX_ENTRIES;
use super::*;

/// An outbox, its courier and its socket.
struct Desk {
    outbox: Arc<Outbox>,
    pickups: Arc<Pickups>,
    paper: Paper,
}

impl Desk {
    fn new() -> Self {
        Self::with_room(1_000_000)
    }

    fn with_room(room: usize) -> Self {
        let (paper, pickups) = (Paper::with_room(room), Arc::<Pickups>::default());
        let outbox = Arc::new(Outbox::new(Box::new(paper.clone()), Arc::clone(&pickups)));
        outbox.acknowledged(0, 0); // so that no confirmation is asked for
        Self { outbox, pickups, paper }
    }

    /// Has the courier write; what was written.
    fn deliver(&self) -> String {
        self.pickups.deliver();
        self.paper.read()
    }

    fn call(&self) -> Poll<Call> {
        self.outbox.poll_call(&context())
    }

    fn write(&self) -> Poll<std::io::Result<Option<Ending>>> {
        self.outbox.poll_write(&mut context())
    }
}

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn entries(seqs: impl IntoIterator<Item = u64>, text: &str) -> Arc<Shared> {
    let entry = |seq: u64| {
        let (room, from, id) = ("lobby".to_owned(), "a".to_owned(), seq.to_string());
        Entry::Said(Said { seq, at: 0, room, from, id, text: text.to_owned(), details: None })
    };
    Arc::new(Shared::entries(seqs.into_iter().map(entry), 2))
}

/// Pushes entries until one does not fit; gives its seq.
fn fill(outbox: &Arc<Outbox>, text: &str) -> u64 {
    (1..).find(|seq| !outbox.push_entries(&entries([*seq], text))).unwrap()
}

#[test]
fn all_that_waits_is_written_at_once_and_in_order() {
    let desk = Desk::new();
    for token in 0..3 {
        desk.outbox.push(Parcel::Probe(token));
    }
    assert!(desk.outbox.push_entries(&entries(7..10, "x")));
    assert_eq!((desk.deliver().as_str(), desk.paper.calls()), ("p0 p1 p2 e7 e8 e9 ", 1));
    assert_eq!(desk.deliver(), "");
}

#[test]
fn what_was_queued_is_sent_before_the_close() {
    let desk = Desk::new();
    desk.outbox.push(Parcel::Probe(1));
    desk.outbox.close((close::SHUTTING_DOWN, "bye"));
    desk.outbox.push(Parcel::Probe(2));
    assert_eq!(desk.call(), Poll::Ready(Call::Write));
    assert!(matches!(desk.write(), Poll::Ready(Ok(Some((close::SHUTTING_DOWN, "bye"))))));
    assert_eq!(desk.paper.read(), "p1 ");
    assert_eq!(desk.deliver(), "", "the courier leaves it alone");
}

#[test]
fn a_full_socket_is_left_to_the_connection_s_task_and_given_back() {
    let desk = Desk::with_room(4);
    desk.outbox.push(Parcel::Probe(1));
    desk.outbox.push(Parcel::Probe(2));
    assert_eq!(desk.deliver(), "p1 p");
    desk.outbox.push(Parcel::Probe(3));
    assert_eq!(desk.deliver(), "", "nobody tries in vain");
    assert_eq!(desk.call(), Poll::Ready(Call::Write));
    assert!(desk.write().is_pending());
    assert!(!desk.outbox.take_progress());
    desk.paper.give_room(100);
    assert!(matches!(desk.write(), Poll::Ready(Ok(None))));
    assert_eq!(desk.paper.read(), "2 p3 ");
    assert!(desk.outbox.take_progress());
    assert!(desk.call().is_pending());
    desk.outbox.push(Parcel::Probe(4));
    assert_eq!(desk.deliver(), "p4 ");
}

#[test]
fn a_long_answer_is_encoded_by_the_connection_s_task() {
    let desk = Desk::new();
    desk.outbox.push(Parcel::Probe(1));
    desk.outbox.push(long_answer());
    desk.outbox.push(Parcel::Probe(2));
    assert_eq!(desk.deliver(), "");
    assert_eq!(desk.call(), Poll::Ready(Call::Write));
    assert!(matches!(desk.write(), Poll::Ready(Ok(None))));
    assert_eq!(desk.paper.read(), "p1 answer p2 ");
}

#[test]
fn what_goes_to_many_lets_others_pass() {
    let (pickups, paper) = (Arc::<Pickups>::default(), Paper::with_room(1_000_000));
    let outbox = || Arc::new(Outbox::new(Box::new(paper.clone()), Arc::clone(&pickups)));
    let crowd: Vec<Arc<Outbox>> = (0..500).map(|_| outbox()).collect();
    let signal = Arc::new(Shared::new(ToNode::Synced { seq: 1 }, crowd.len()));
    crowd.iter().for_each(|node| node.push_signal(&signal));
    let quick = outbox();
    quick.push(Parcel::Probe(1));
    let lanes = pickups.deliver();
    assert!(lanes[..2].contains(&Lane::Quick), "{lanes:?}");
    assert_eq!(paper.read().matches("signal").count(), crowd.len());
}

#[test]
fn both_lanes_get_their_turn() {
    let pickups = Arc::<Pickups>::default();
    let outbox = || Arc::new(Outbox::new(Box::new(Paper::with_room(1_000)), Arc::clone(&pickups)));
    let nodes: Vec<Arc<Outbox>> = (0..600).map(|_| outbox()).collect();
    let (bulk, quick) = [100, 1].map(|audience| Arc::new(Shared::new(ToNode::Synced { seq: 1 }, audience))).into();
    nodes[..300].iter().for_each(|node| node.push_signal(&bulk));
    nodes[300..].iter().for_each(|node| node.push_signal(&quick));
    let lanes = pickups.deliver();
    assert!(lanes[..8].windows(2).all(|pair| pair[0] != pair[1]), "{lanes:?}");
}

#[test]
fn the_entry_that_does_not_fit_makes_the_node_a_cursor_and_what_waits_stays() {
    let desk = Desk::new();
    assert_eq!(fill(&desk.outbox, "x"), MAX_ENTRIES as u64 + 1);
    assert!(desk.call().is_pending(), "it has not taken what waits");
    assert!(desk.deliver().ends_with("e256 "));
    assert_eq!(desk.call(), Poll::Ready(Call::Drained));
    assert!(desk.call().is_pending(), "it says so once");
    assert_eq!(desk.outbox.last(), MAX_ENTRIES as u64);
}

#[test]
fn entries_that_go_together_count_one_by_one() {
    let desk = Desk::new();
    let mut pushed = 0;
    while desk.outbox.push_entries(&entries(pushed * 50 + 1..=pushed * 50 + 50, "x")) {
        pushed += 1;
    }
    assert_eq!(pushed, 6, "with five there is room left");
}

#[test]
fn who_is_behind_has_drained_when_the_socket_has_everything() {
    let desk = Desk::with_room(10);
    fill(&desk.outbox, "x");
    desk.deliver();
    assert_eq!(desk.call(), Poll::Ready(Call::Write));
    assert!(desk.write().is_pending());
    desk.paper.give_room(1_000_000);
    assert!(matches!(desk.write(), Poll::Ready(Ok(None))));
    assert_eq!(desk.call(), Poll::Ready(Call::Drained));
}

#[test]
fn long_texts_count_by_their_length() {
    let desk = Desk::new();
    let long = "x".repeat(16 * 1024);
    assert!((8..=9).contains(&fill(&desk.outbox, &long)), "each is held as text and as JSON");
}

#[test]
fn a_passage_fits_and_tells_whether_there_is_more() {
    let desk = Desk::new();
    fill(&desk.outbox, "x");
    desk.deliver();
    assert_eq!(desk.call(), Poll::Ready(Call::Drained));
    let passage = || Arc::into_inner(entries(300..302, "x"));
    desk.outbox.push_passage(passage(), true);
    assert_eq!(desk.deliver(), "e300 e301 ");
    assert_eq!(desk.call(), Poll::Ready(Call::Drained));
    desk.outbox.push_passage(None, true);
    assert_eq!(desk.call(), Poll::Ready(Call::Drained), "there was nothing for it in this one");
    desk.outbox.push_passage(None, false);
    assert!(desk.call().is_pending());
}

#[test]
fn signals_are_left_out_of_a_full_queue_and_that_is_noted() {
    let desk = Desk::new();
    fill(&desk.outbox, "x");
    let presence = Arc::new(Shared::new(ToNode::Presence(shared::message::Presence::default()), 2));
    desk.outbox.push_signal(&presence);
    assert!(!desk.deliver().contains("signal"));
    assert_eq!(desk.call(), Poll::Ready(Call::Drained));
    assert!(desk.outbox.take_lossy());
    desk.outbox.push_signal(&presence);
    assert!(!desk.outbox.take_lossy());
    assert_eq!(desk.deliver(), "signal ");
}

#[test]
fn a_node_that_piles_up_answers_is_told_to_come_back() {
    let desk = Desk::new();
    for token in 0..=(MAX_PILE / parcel::LIGHT) as u64 {
        desk.outbox.push(Parcel::Probe(token));
    }
    assert_eq!(desk.outbox.waiting().parcels.len(), 0);
    assert!(matches!(desk.call(), Poll::Ready(Call::End((close::TOO_SLOW, _)))));
}

#[test]
fn who_has_answers_waiting_has_room_again_when_they_are_written() {
    let desk = Desk::new();
    let room = || desk.outbox.poll_room(&context());
    for token in 0..=(MAX_WEIGHT / parcel::LIGHT) as u64 {
        desk.outbox.push(Parcel::Probe(token));
    }
    assert!(room().is_pending());
    desk.deliver();
    assert!(room().is_ready());
    (0..MAX_PAGES).for_each(|_| desk.outbox.page_asked());
    assert!(room().is_pending());
    desk.outbox.page_done();
    assert!(room().is_ready());
}

#[test]
fn a_node_that_does_not_acknowledge_is_asked_for_a_sign_once_for_all_that_was_written() {
    let (paper, pickups) = (Paper::with_room(1_000), Arc::<Pickups>::default());
    let outbox = Arc::new(Outbox::new(Box::new(paper.clone()), Arc::clone(&pickups)));
    assert!(outbox.push_entries(&entries([5], "x")));
    assert!(outbox.poll_call(&context()).is_pending(), "nothing was written yet");
    pickups.deliver();
    assert_eq!(outbox.poll_call(&context()), Poll::Ready(Call::Confirm(CONFIRM_AFTER)));
    assert!(outbox.push_entries(&entries([6], "x")));
    pickups.deliver();
    assert!(outbox.poll_call(&context()).is_pending(), "it is to be asked already");
    outbox.confirm();
    pickups.deliver();
    assert_eq!(paper.read(), "e5 e6 c6 ");
    outbox.confirmed(9, 1_000);
    assert_eq!(outbox.acked(), (6, 1_000), "it cannot have what it was not sent");
    assert!(outbox.poll_call(&context()).is_pending());
}

#[test]
fn with_many_nodes_each_is_asked_more_seldom() {
    assert_eq!(confirm_after(1), Duration::from_secs(1));
    assert_eq!(confirm_after(1_000), Duration::from_secs(1));
    assert_eq!(confirm_after(10_000), Duration::from_secs(10));
    let (pickups, mut outboxes) = (Arc::<Pickups>::default(), Vec::new());
    for _ in 0..3 {
        outboxes.push(Outbox::new(Box::new(Paper::default()), Arc::clone(&pickups)));
    }
    assert_eq!(pickups.nodes(), 3);
    outboxes.pop();
    assert_eq!(pickups.nodes(), 2);
}

#[test]
fn a_node_that_acknowledges_by_itself_is_not_asked() {
    let desk = Desk::new();
    assert!(desk.outbox.push_entries(&entries([5], "x")));
    desk.deliver();
    assert!(desk.call().is_pending());
    desk.outbox.confirmed(5, 1_000);
    assert_eq!(desk.outbox.acked().0, 0);
    desk.outbox.acknowledged(9, 2_000);
    assert_eq!(desk.outbox.acked(), (5, 2_000));
}

#[test]
fn the_last_words_come_behind_what_was_begun() {
    let desk = Desk::with_room(4);
    desk.outbox.push(Parcel::Probe(1));
    desk.outbox.push(Parcel::Probe(2));
    desk.deliver();
    desk.outbox.push(Parcel::Probe(3));
    desk.outbox.finish(Some("bye".into()));
    desk.outbox.push(Parcel::Probe(4));
    desk.paper.give_room(100);
    assert!(matches!(desk.write(), Poll::Ready(Ok(Some(_)))));
    assert_eq!(desk.paper.read(), "2 bye");
    desk.outbox.hang_up();
    assert!(desk.write().is_ready());
}

/// What happens while the courier is writing, which tests see from within a socket that takes its time.
struct Slow {
    paper: Paper,
    meanwhile: Box<dyn Fn() + Send + Sync>,
}

impl Wire for Slow {
    fn encode_shared(&self, messages: &[ToNode]) -> Bytes {
        self.paper.encode_shared(messages)
    }

    fn encode(&self, parcel: Parcel) -> Bytes {
        self.paper.encode(parcel)
    }

    fn write(&self, pieces: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
        (self.meanwhile)();
        self.paper.write(pieces)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.paper.poll_writable(context)
    }
}

/// An outbox to which `meanwhile` is done while its first entry is being written, and what was written by then.
fn while_writing(meanwhile: fn(&Arc<Outbox>)) -> (Arc<Outbox>, Paper) {
    let (paper, pickups) = (Paper::with_room(1_000_000), Arc::<Pickups>::default());
    let outbox = Arc::new_cyclic(|own: &std::sync::Weak<Outbox>| {
        let (own, done) = (own.clone(), std::sync::Once::new());
        let meanwhile = Box::new(move || done.call_once(|| meanwhile(&own.upgrade().unwrap())));
        Outbox::new(Box::new(Slow { paper: paper.clone(), meanwhile }), Arc::clone(&pickups))
    });
    outbox.acknowledged(0, 0);
    assert!(outbox.push_entries(&entries([5], "x")));
    pickups.deliver();
    (outbox, paper)
}

fn long_answer() -> Parcel {
    let users = vec![User { nick: "ana".into(), state: State::Online, nodes: 1 }; 100];
    Parcel::reply("1".into(), Ok(Answer::Users(shared::message::Users { users })))
}

#[test]
fn two_couriers_do_not_write_to_one_node_at_a_time_and_leave_nothing() {
    let (outbox, paper) = while_writing(|outbox| {
        assert!(outbox.push_entries(&entries([6], "x")));
        outbox.pickups.deliver();
    });
    assert_eq!(paper.read(), "e5 e6 ");
    assert!(outbox.waiting().parcels.is_empty());
}

#[test]
fn nobody_overtakes_the_courier() {
    let (outbox, paper) = while_writing(|outbox| {
        outbox.push(long_answer());
        assert!(outbox.push_entries(&entries([6], "x")));
        assert_eq!(outbox.poll_call(&context()), Poll::Ready(Call::Write));
        assert!(outbox.poll_write(&mut context()).is_pending());
    });
    assert_eq!(paper.read(), "e5 ");
    assert!(matches!(outbox.poll_write(&mut context()), Poll::Ready(Ok(None))));
    assert_eq!(paper.read(), "answer e6 ");
}

#[test]
fn the_last_words_come_behind_what_the_courier_is_writing() {
    let (outbox, paper) = while_writing(|outbox| {
        outbox.finish(Some("bye".into()));
        assert!(outbox.poll_write(&mut context()).is_pending());
    });
    assert!(matches!(outbox.poll_write(&mut context()), Poll::Ready(Ok(Some(_)))));
    assert_eq!(paper.read(), "e5 bye");
}

#[test]
fn who_falls_behind_while_the_courier_is_writing_is_called_when_it_has() {
    static CALLED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    struct Task;
    impl std::task::Wake for Task {
        fn wake(self: Arc<Self>) {
            CALLED.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (outbox, _) = while_writing(|outbox| {
        outbox.push_passage(None, true);
        let task = Waker::from(Arc::new(Task));
        assert!(outbox.poll_call(&Context::from_waker(&task)).is_pending());
        assert_eq!(CALLED.load(Ordering::Relaxed), 0);
    });
    assert_eq!(CALLED.load(Ordering::Relaxed), 1);
    assert_eq!(outbox.poll_call(&context()), Poll::Ready(Call::Drained));
}

#[test]
fn a_panic_while_writing_costs_its_own_node_alone() {
    let pickups = Arc::<Pickups>::default();
    let paper = Paper::with_room(1_000);
    let wire = Slow { paper: paper.clone(), meanwhile: Box::new(|| panic!("as a test")) };
    let broken = Arc::new(Outbox::new(Box::new(wire), Arc::clone(&pickups)));
    let other = Arc::new(Outbox::new(Box::new(paper.clone()), Arc::clone(&pickups)));
    broken.push(Parcel::Probe(1));
    other.push(Parcel::Probe(2));
    pickups.deliver();
    assert_eq!(paper.read(), "p2 ");
    assert!(matches!(broken.poll_call(&context()), Poll::Ready(Call::End(_))));
}

#[test]
fn acknowledgements_never_go_back() {
    let desk = Desk::new();
    desk.outbox.ack(7, 1_000);
    desk.outbox.ack(5, 2_000);
    assert_eq!(desk.outbox.acked(), (7, 2_000));
}

/// A signal of some node that says this.
fn mail(says: &str) -> Mail {
    let node = "tab@den".parse().unwrap();
    Mail { sender: Arc::new(Sender::new(Origin::of(node))), payload: Json::of(&says) }
}

#[test]
fn signals_wait_in_order_with_all_else_and_only_so_many_of_them() {
    let desk = Desk::new();
    assert!(desk.outbox.push_mail(mail("one")));
    desk.outbox.push(Parcel::Probe(1));
    assert!(desk.outbox.push_mail(mail("two")));
    assert_eq!(desk.deliver(), "m\"one\" p1 m\"two\" ");
    let pushed = (0..).take_while(|_| desk.outbox.push_mail(mail("x"))).count();
    assert_eq!(pushed, MAX_MAIL);
    desk.deliver();
    let long = "x".repeat(64 * 1024 - 2);
    let pushed = (0..).take_while(|_| desk.outbox.push_mail(mail(&long))).count();
    assert_eq!(pushed, MAX_MAIL_WEIGHT / (64 * 1024));
    desk.deliver();
    assert!(desk.outbox.push_mail(mail("there is room again")));
}

/// S6: neither takes the other's room.
#[test]
fn full_mail_makes_nobody_a_cursor_and_a_full_queue_of_entries_loses_no_mail() {
    let desk = Desk::new();
    while desk.outbox.push_mail(mail("x")) {}
    for _ in 0..MAX_ENTRIES {
        desk.outbox.push(Parcel::Down(Box::new(Down { node: "tab@den".to_owned(), why: Why::Full })));
    }
    assert_eq!(fill(&desk.outbox, "x"), MAX_ENTRIES as u64 + 1, "as many entries as without");

    let desk = Desk::new();
    fill(&desk.outbox, "x");
    let pushed = (0..).take_while(|_| desk.outbox.push_mail(mail("x"))).count();
    assert_eq!(pushed, MAX_MAIL);
}

#[test]
fn who_is_behind_reads_on_though_signals_do_not_cease() {
    let desk = Desk::with_room(10);
    fill(&desk.outbox, "x");
    desk.deliver();
    assert_eq!(desk.call(), Poll::Ready(Call::Write));
    assert!(desk.write().is_pending());
    assert!(desk.outbox.push_mail(mail("more")));
    desk.paper.give_room(1_000_000);
    assert!(matches!(desk.write(), Poll::Ready(Ok(None))));
    assert!(desk.paper.read().ends_with("e256 "));
    assert_eq!(desk.call(), Poll::Ready(Call::Drained), "what comes of the log is next");
    desk.outbox.push_passage(Arc::into_inner(entries(300..302, "x")), false);
    assert_eq!(desk.call(), Poll::Ready(Call::Write));
    assert!(matches!(desk.write(), Poll::Ready(Ok(None))));
    assert_eq!(desk.paper.read(), "m\"more\" e300 e301 ");
    assert!(desk.call().is_pending(), "it says so once");

    // And where the courier keeps up with them.
    fill(&desk.outbox, "x");
    desk.deliver();
    assert!(desk.outbox.push_mail(mail("again")));
    assert_eq!(desk.call(), Poll::Ready(Call::Drained));
}

#[test]
fn signals_to_who_is_about_to_go_are_dropped_with_the_connection() {
    let desk = Desk::new();
    desk.outbox.close((close::SHUTTING_DOWN, "bye"));
    assert!((0..2 * MAX_MAIL).all(|_| desk.outbox.push_mail(mail("x"))), "its ties break when it has gone");
    assert_eq!(desk.call(), Poll::Ready(Call::Write));
    assert!(matches!(desk.write(), Poll::Ready(Ok(Some(_)))));
    assert_eq!(desk.paper.read(), "");
}
