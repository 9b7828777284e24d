//! Where the nodes stand in the picture: the hub in the middle, round it rings of seats. Pure.
//!
//! A node keeps its seat while others come and go, and has it again after a reload; a person's nodes sit together. Who
//! is there at the beginning sits in order, evenly apart.

/// So long a seat is kept for a node that went, in milliseconds: a page that is loaded again takes one or two.
const KEPT: u64 = 5_000;

/// Seats of each ring, from the inside. Twice as many each, so that every ring's angles are among the next one's.
const RINGS: [usize; 5] = [12, 24, 48, 96, 192];

/// Directions that seats lie in: twice the seats of the last ring, since every second ring is turned by half a seat.
const DIRECTIONS: usize = 384;

/// The sine and cosine of one of [`DIRECTIONS`]. The others are turned from it: what computes them for any angle would
/// be some KB to download.
const TURN: (f64, f64) = (0.016_361_731_626_486_776, 0.999_866_137_909_562);

/// Where a picture's inner rings would lie too near to the hub, in parts of the outermost.
const INNERMOST: f64 = 0.46;

/// A node that is to be seated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    pub(crate) name: String,
    /// Whose it is: those of one group sit together. Empty for nobody's.
    pub(crate) group: String,
}

/// Who sits where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats {
    /// By ring, and round each from the top.
    seats: Vec<Option<Taken>>,
}

#[derive(Clone, Debug)]
struct Taken {
    guest: Guest,
    gone_at: Option<u64>,
}

/// A place in the picture, in its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    pub(crate) x: i32,
    pub(crate) y: i32,
    /// On which side of the hub, and so of the node what it is called stands.
    pub(crate) side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Left,
    Right,
    Above,
    Below,
}

/// The room that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// Kept free to the left and right for names, and above and below.
    pub(crate) margin: (i32, i32),
}

impl Seats {
    /// Seats these, in the order in which they are given where all are new. Those for whom there is no seat are left out.
    pub(crate) fn seat(&mut self, now: u64, guests: &[Guest]) {
        for taken in &mut self.seats {
            let gone = taken.as_ref().is_some_and(|taken| !guests.iter().any(|guest| guest.name == taken.guest.name));
            match taken {
                Some(Taken { gone_at: Some(at), .. }) if gone && at.saturating_add(KEPT) <= now => *taken = None,
                Some(Taken { gone_at, .. }) if gone => *gone_at = gone_at.or(Some(now)),
                _ => {}
            }
        }
        let kept = self.seats.iter().flatten().filter(|taken| taken.gone_at.is_some()).count();
        let rings = rings_for(guests.len() + kept);
        let in_use = rings_of(self.seats.len());
        // All have gone whose seats made the picture that large.
        if self.seats.iter().all(Option::is_none) || rings < in_use && kept == 0 {
            self.seat_anew(guests);
            return;
        }
        self.seats.resize_with(seats_of(rings.max(in_use)), || None);
        for guest in guests {
            if let Some(at) = self.of(&guest.name) {
                self.take(at, guest);
            } else if let Some(at) = self.near(&guest.group).or_else(|| self.roomiest()) {
                self.take(at, guest);
            }
        }
    }

    /// The seat of a node.
    pub(crate) fn of(&self, name: &str) -> Option<usize> {
        self.seats.iter().position(|taken| taken.as_ref().is_some_and(|taken| taken.guest.name == name))
    }

    /// When the next seat falls free that is only kept, in milliseconds.
    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.seats.iter().flatten().filter_map(|taken| taken.gone_at).min().map(|at| at.saturating_add(KEPT))
    }

    /// Where a seat is in a picture of that size.
    pub(crate) fn spot(&self, seat: usize, frame: Frame) -> Spot {
        let (ring, _, _) = place(seat);
        let rings = rings_of(self.seats.len()).max(1);
        let part = if rings == 1 {
            1.0
        } else {
            // Evenly from the innermost to the edge.
            INNERMOST + (1.0 - INNERMOST) * ring as f64 / (rings - 1) as f64
        };
        let (sine, cosine) = direction(direction_of(seat));
        let across = f64::from((frame.width / 2 - frame.margin.0).max(8)) * part;
        let down = f64::from((frame.height / 2 - frame.margin.1).max(8)) * part;
        let side = match (sine, cosine) {
            (sine, cosine) if sine.abs() < 0.2 && cosine > 0.0 => Side::Above,
            (sine, _) if sine.abs() < 0.2 => Side::Below,
            (sine, _) if sine > 0.0 => Side::Right,
            _ => Side::Left,
        };
        Spot { x: frame.width / 2 + round(across * sine), y: frame.height / 2 - round(down * cosine), side }
    }

    fn take(&mut self, at: usize, guest: &Guest) {
        self.seats[at] = Some(Taken { guest: guest.clone(), gone_at: None });
    }

    fn seat_anew(&mut self, guests: &[Guest]) {
        let rings = rings_for(guests.len());
        self.seats = Vec::new();
        self.seats.resize_with(seats_of(rings), || None);
        let mut rest = guests;
        let mut first = 0;
        for seats in &RINGS[..rings] {
            let here = rest.len().min(*seats);
            for (at, guest) in rest[..here].iter().enumerate() {
                self.take(first + at * seats / here, guest);
            }
            rest = &rest[here..];
            first += seats;
        }
    }

    fn is_free(&self, seat: usize) -> bool {
        self.seats[seat].is_none()
    }

    /// The free seat that is nearest to one of that group.
    fn near(&self, group: &str) -> Option<usize> {
        if group.is_empty() {
            return None;
        }
        let theirs: Vec<usize> = (0..self.seats.len())
            .filter(|at| self.seats[*at].as_ref().is_some_and(|taken| taken.guest.group == group))
            .collect();
        (0..self.seats.len())
            .filter(|at| self.is_free(*at))
            .filter_map(|at| theirs.iter().map(|one| apart(*one, at)).min().map(|far| (far, at)))
            .min()
            .map(|(_, at)| at)
    }

    /// The free seat of the innermost ring that has one which is the farthest from those that are taken there.
    fn roomiest(&self) -> Option<usize> {
        let mut first = 0;
        for seats in RINGS {
            let ring: Vec<usize> = (first..first + seats).filter(|at| *at < self.seats.len()).collect();
            let free = ring.iter().filter(|at| self.is_free(**at)).map(|at| {
                let taken = ring.iter().filter(|other| !self.is_free(**other));
                (taken.map(|other| apart(*other, *at)).min().unwrap_or(usize::MAX), *at)
            });
            // Of those that are as far, the first.
            if let Some((_, at)) = free.max_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(&one.1))) {
                return Some(at);
            }
            first += seats;
        }
        None
    }
}

/// How many rings so many seats fill.
fn rings_for(count: usize) -> usize {
    let mut seats = 0;
    for (ring, more) in RINGS.iter().enumerate() {
        seats += more;
        if count <= seats {
            return ring + 1;
        }
    }
    RINGS.len()
}

fn seats_of(rings: usize) -> usize {
    RINGS[..rings].iter().sum()
}

/// How many rings a list of that length has.
fn rings_of(seats: usize) -> usize {
    if seats == 0 { 0 } else { rings_for(seats) }
}

/// The ring of a seat, the seat's number in it, and how many that has.
fn place(seat: usize) -> (usize, usize, usize) {
    let mut rest = seat;
    for (ring, seats) in RINGS.into_iter().enumerate() {
        if rest < seats {
            return (ring, rest, seats);
        }
        rest -= seats;
    }
    (RINGS.len() - 1, rest % RINGS[RINGS.len() - 1], RINGS[RINGS.len() - 1])
}

fn direction_of(seat: usize) -> usize {
    let (ring, at, seats) = place(seat);
    let step = DIRECTIONS / seats;
    at * step + if ring % 2 == 1 { step / 2 } else { 0 }
}

/// How far two seats are from each other: first by their direction, then by their rings.
fn apart(one: usize, other: usize) -> usize {
    let between = direction_of(one).abs_diff(direction_of(other));
    let around = between.min(DIRECTIONS - between);
    around * 8 + place(one).0.abs_diff(place(other).0)
}

/// The sine and cosine of a direction, clockwise from the top.
fn direction(number: usize) -> (f64, f64) {
    let (mut sine, mut cosine) = (0.0, 1.0);
    for _ in 0..number % DIRECTIONS {
        (sine, cosine) = (sine * TURN.1 + cosine * TURN.0, cosine * TURN.1 - sine * TURN.0);
    }
    (sine, cosine)
}

fn round(number: f64) -> i32 {
    // Pixels of a window.
    (if number < 0.0 { number - 0.5 } else { number + 0.5 }) as i32
}

#[cfg(all(test, not(target_family = "wasm")))]
#[allow(clippy::unwrap_used, reason = "a guest without a seat is a fault that the test has found")]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const FRAME: Frame = Frame { width: 600, height: 400, margin: (100, 24) };

    fn guest(name: &str, group: &str) -> Guest {
        Guest { name: name.to_owned(), group: group.to_owned() }
    }

    fn many(count: usize) -> Vec<Guest> {
        (0..count).map(|number| guest(&format!("tab-{number:03}"), &format!("nick{}", number / 2))).collect()
    }

    #[test]
    fn one_direction_is_what_its_sine_says() {
        let angle = std::f64::consts::TAU / DIRECTIONS as f64;
        assert!(
            (TURN.0 - angle.sin()).abs() < 1e-12 && (TURN.1 - angle.cos()).abs() < 1e-12,
            "{} {}",
            angle.sin(),
            angle.cos()
        );
        let (sine, cosine) = direction(DIRECTIONS / 4);
        assert!((sine - 1.0).abs() < 1e-9 && cosine.abs() < 1e-9);
    }

    #[test]
    fn a_few_nodes_stand_evenly_round_the_hub() {
        let mut seats = Seats::default();
        seats.seat(0, &many(4));
        let spots: Vec<(i32, i32)> = many(4)
            .iter()
            .map(|guest| {
                let spot = seats.spot(seats.of(&guest.name).unwrap(), FRAME);
                (spot.x, spot.y)
            })
            .collect();
        assert_eq!(spots, [(300, 24), (500, 200), (300, 376), (100, 200)]);
    }

    #[test]
    fn a_persons_new_tab_stands_beside_the_old_one() {
        let mut seats = Seats::default();
        let mut guests = many(4);
        seats.seat(0, &guests);
        guests.push(guest("tab-new", "nick1"));
        seats.seat(1, &guests);
        let new = seats.of("tab-new").unwrap();
        let old = seats.of("tab-003").unwrap().min(seats.of("tab-002").unwrap());
        assert!(apart(new, old) <= 5 * 8 * DIRECTIONS / 12, "{new} {old}");
        let nearest =
            (0..12).filter(|at| *at != new && seats.seats[*at].is_some()).min_by_key(|at| apart(*at, new)).unwrap();
        assert_eq!(seats.seats[nearest].as_ref().unwrap().guest.group, "nick1");
    }

    #[test]
    fn a_seat_is_kept_for_a_reload_and_then_is_free() {
        let mut seats = Seats::default();
        let guests = many(12);
        seats.seat(0, &guests);
        let seat = seats.of("tab-005").unwrap();
        let mut left: Vec<Guest> = guests.iter().filter(|guest| guest.name != "tab-005").cloned().collect();
        seats.seat(1_000, &left);
        assert_eq!(seats.wake_at(), Some(6_000));
        left.push(guest("tab-999", ""));
        seats.seat(2_000, &left);
        assert_ne!(seats.of("tab-999"), Some(seat), "it is kept");
        left.pop();
        seats.seat(3_000, &guests);
        assert_eq!(seats.of("tab-005"), Some(seat), "and taken again");
        let gone: Vec<Guest> = guests[..11].to_vec();
        seats.seat(10_000, &gone);
        seats.seat(15_000, &gone);
        assert_eq!((seats.of("tab-011"), seats.wake_at()), (None, None));
    }

    #[test]
    fn two_hundred_nodes_do_not_lie_on_each_other() {
        let mut seats = Seats::default();
        let guests = many(200);
        seats.seat(0, &guests);
        let spots: Vec<Spot> = guests.iter().map(|guest| seats.spot(seats.of(&guest.name).unwrap(), FRAME)).collect();
        for (at, one) in spots.iter().enumerate() {
            assert!((0..=FRAME.width).contains(&one.x) && (0..=FRAME.height).contains(&one.y));
            for other in &spots[at + 1..] {
                let (x, y) = (one.x - other.x, one.y - other.y);
                assert!(x * x + y * y >= 25, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn more_than_there_are_seats_for_are_left_out() {
        let mut seats = Seats::default();
        seats.seat(0, &many(500));
        assert_eq!(
            many(500).iter().filter(|guest| seats.of(&guest.name).is_some()).count(),
            RINGS.iter().sum::<usize>()
        );
        seats.seat(1, &many(3));
        seats.seat(10_000, &many(3));
        assert_eq!(seats.seats.len(), 12, "and the picture is a small one again");
    }

    proptest! {
        #[test]
        fn nobody_who_stays_moves_and_everybody_has_a_seat(
            first in prop::collection::btree_set(0..80_usize, 1..40),
            second in prop::collection::btree_set(0..80_usize, 1..40),
        ) {
            let guests = |numbers: &std::collections::BTreeSet<usize>| -> Vec<Guest> {
                numbers.iter().map(|number| guest(&format!("n{number}"), &format!("g{}", number % 7))).collect()
            };
            let mut seats = Seats::default();
            seats.seat(0, &guests(&first));
            let before = seats.clone();
            seats.seat(100, &guests(&second));
            for number in first.intersection(&second) {
                let name = format!("n{number}");
                prop_assert_eq!(before.of(&name), seats.of(&name));
            }
            let taken: HashSet<usize> = guests(&second).iter().map(|guest| seats.of(&guest.name).unwrap()).collect();
            prop_assert_eq!(taken.len(), second.len());
        }
    }
}
