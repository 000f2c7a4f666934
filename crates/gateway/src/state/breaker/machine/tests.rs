//! Scenarios in the manner of resilience4j's `CircuitBreakerStateMachineTest`, and a random walk.

use model::{BreakerHold, BreakerPolicy, BreakerState};
use proptest::prelude::*;

use super::*;

const POLICY: BreakerPolicy = BreakerPolicy {
    failures: 3,
    percent: 50,
    window_ms: 10_000,
    open_ms: 1_000,
    probes: 2,
};

/// A story in letters: `+` a request that passes, `-` one that fails, `/` one that is given up, `.` 100 ms, `_` a second, `R` reset, `O` held open, `o` held
/// open for 500 ms, `C` held closed for 500 ms, `A` let go, `t` what comes with time. Answers with the state after each letter, one letter
/// per state: c, o, h, O, C; a request that is not let through shows `x` instead.
fn tell(policy: &BreakerPolicy, story: &str) -> String {
    let mut machine = Machine::new(0);
    let mut now_ms = 1_000_u64;
    let mut out = String::new();
    for letter in story.chars() {
        let now = Moment {
            monotonic_ms: now_ms,
            unix_ms: i64::try_from(now_ms).unwrap(),
        };
        let end = now.unix_ms + 500;
        let mut refused = false;
        match letter {
            '+' | '-' | '/' => match machine.enter(policy, now).0 {
                Some(permit) if letter == '/' => machine.give_back(permit),
                Some(permit) => {
                    machine.judge(permit, letter == '-', false, policy, now);
                }
                None => refused = true,
            },
            '.' => now_ms += 100,
            '_' => now_ms += 1_000,
            'R' => {
                machine.reset(now);
            }
            'O' => {
                machine.set_hold(BreakerHold::Open { until_ms: None }, now);
            }
            'o' => {
                machine.set_hold(BreakerHold::Open { until_ms: Some(end) }, now);
            }
            'C' => {
                machine.set_hold(BreakerHold::Closed { until_ms: end }, now);
            }
            'A' => {
                machine.set_hold(BreakerHold::Auto, now);
            }
            _ => {
                machine.tick(policy, now);
            }
        }
        out.push(if refused { 'x' } else { letter_of(machine.state()) });
    }
    out
}

const fn letter_of(state: BreakerState) -> char {
    match state {
        BreakerState::Closed => 'c',
        BreakerState::Open => 'o',
        BreakerState::HalfOpen => 'h',
        BreakerState::ForcedOpen => 'O',
        BreakerState::ForcedClosed => 'C',
    }
}

#[test]
fn scenarios() {
    let table = [
        // Closed.
        ("nothing happens", "", ""),
        ("it begins closed", "+", "c"),
        ("passes keep it closed", "+++++", "ccccc"),
        ("fewer failures than the threshold keep it closed", "--", "cc"),
        ("the threshold opens it", "---", "cco"),
        ("failures need not be in a row", "-+-+-", "cccco"),
        ("below the share it stays closed", "++++---", "ccccccc"),
        ("at the share it opens", "+++---", "ccccco"),
        ("passes after it do not count back", "--+-", "ccco"),
        ("old failures are forgotten", "--__________-", "ccccccccccccc"),
        ("failures within the window count", "--________-", "cccccccccco"),
        ("what was given up is no failure", "///", "ccc"),
        ("what was given up is no request", "--///-", "ccccco"),
        ("time alone changes nothing", "__t", "ccc"),
        // Open.
        ("open lets nothing through", "---+-", "ccoxx"),
        ("and stays so before its time", "---.........+", "ccoooooooooox"),
        ("its time makes it half-open", "---_t", "ccooh"),
        ("or the first request after its time", "---_+", "ccooh"),
        ("time before its end does nothing", "---...t", "ccooooo"),
        // Half-open.
        ("all probes pass: closed", "---_++", "ccoohc"),
        ("the first probe fails: open", "---_-", "ccooo"),
        ("a later probe fails: open", "---_+-", "ccooho"),
        ("open again for its whole time", "---_-.........+", "ccoooooooooooox"),
        ("and half-open after it", "---_-_t", "ccooooh"),
        ("a probe given up is replaced", "---_/++", "ccoohhc"),
        ("many given up are replaced", "---_////++", "ccoohhhhhc"),
        ("after closing, the old failures are gone", "---_++--", "ccoohccc"),
        ("and it opens again by its rule", "---_++---", "ccoohccco"),
        // An operator.
        ("a reset closes an open one", "---R+", "ccocc"),
        ("a reset closes a half-open one", "---_tR", "ccoohc"),
        ("a reset forgets what was counted", "--R--", "ccccc"),
        ("held open lets nothing through", "O+__+", "OxOOx"),
        ("held open ends when somebody lets go", "OA+", "Occ"),
        ("held open for a time ends by itself", "o.....t+", "OOOOOOcc"),
        ("held closed lets everything through", "C-----", "CCCCCC"),
        (
            "held closed ends by itself, with nothing counted",
            "C-----.....t--",
            "CCCCCCCCCCCccc",
        ),
        ("an open one held closed serves at once", "---C+", "ccoCC"),
        ("a reset does not let go", "OR", "OO"),
    ];
    assert!(table.len() >= 36);
    for (what, story, expected) in table {
        assert_eq!(tell(&POLICY, story), expected, "{what}: {story}");
    }
}

#[test]
fn switched_off_it_never_opens_and_an_open_one_closes() {
    let off = BreakerPolicy { failures: 0, ..POLICY };
    assert_eq!(tell(&off, "----------"), "cccccccccc");
    let mut machine = Machine::new(0);
    let now = Moment {
        monotonic_ms: 1,
        unix_ms: 1,
    };
    for _ in 0..3 {
        let permit = machine.enter(&POLICY, now).0.unwrap();
        machine.judge(permit, true, false, &POLICY, now);
    }
    assert_eq!(machine.state(), BreakerState::Open);
    assert!(machine.enter(&off, now).0.is_some());
    assert_eq!(machine.state(), BreakerState::Closed);
}

#[test]
fn fewer_probes_than_have_passed_close_it_and_probes_that_never_come_back_are_replaced() {
    let at = |ms: u64| Moment {
        monotonic_ms: ms,
        unix_ms: i64::try_from(ms).unwrap(),
    };
    let half_open = || {
        let mut machine = Machine::new(0);
        for _ in 0..3 {
            let permit = machine.enter(&POLICY, at(1)).0.unwrap();
            machine.judge(permit, true, false, &POLICY, at(1));
        }
        machine.tick(&POLICY, at(2_000));
        machine
    };
    let mut machine = half_open();
    let probe = machine.enter(&POLICY, at(2_000)).0.unwrap();
    machine.judge(probe, false, false, &POLICY, at(2_000));
    let one = BreakerPolicy { probes: 1, ..POLICY };
    assert!(machine.enter(&one, at(2_001)).0.is_some());
    assert_eq!(machine.state(), BreakerState::Closed);

    let mut machine = half_open();
    let lost: Vec<_> = (0..2).filter_map(|_| machine.enter(&POLICY, at(2_000)).0).collect();
    assert!(machine.enter(&POLICY, at(2_999)).0.is_none());
    let probe = machine.enter(&POLICY, at(3_000)).0.expect("their time is over");
    machine.judge(lost[0], true, false, &POLICY, at(3_000));
    assert_eq!(machine.state(), BreakerState::HalfOpen, "late ones have no say");
    machine.judge(probe, false, false, &POLICY, at(3_000));
}

#[test]
fn who_entered_before_it_opened_does_not_speak_for_it_after() {
    let mut machine = Machine::new(0);
    let at = |ms: u64| Moment {
        monotonic_ms: ms,
        unix_ms: i64::try_from(ms).unwrap(),
    };
    let early: Vec<_> = (0..5).filter_map(|_| machine.enter(&POLICY, at(1)).0).collect();
    for permit in &early[..3] {
        machine.judge(*permit, true, false, &POLICY, at(2));
    }
    machine.tick(&POLICY, at(2_000));
    assert_eq!(machine.state(), BreakerState::HalfOpen);
    machine.judge(early[3], true, false, &POLICY, at(2_000));
    machine.judge(early[4], false, false, &POLICY, at(2_000));
    machine.give_back(early[4]);
    assert_eq!(machine.state(), BreakerState::HalfOpen);
    let probes = (0..5).filter_map(|_| machine.enter(&POLICY, at(2_000)).0).count();
    assert_eq!(probes, 2, "late ones took nobody's place");
}

const fn is_legal(from: BreakerState, to: BreakerState) -> bool {
    use BreakerState::{Closed, ForcedClosed, ForcedOpen, HalfOpen, Open};
    match (from, to) {
        (Closed | HalfOpen, Open) | (Open | HalfOpen, HalfOpen) | (_, ForcedOpen | ForcedClosed) => true,
        (_, Closed) => !matches!(from, Closed),
        _ => false,
    }
}

/// A million random steps over many machines.
#[test]
fn no_step_of_a_long_walk_is_illegal() {
    let dice = crate::algorithm::Dice::new(7);
    let roll = |sides: u64| dice.roll() % sides;
    let mut machine = Machine::new(0);
    let mut permits = Vec::new();
    let mut now_ms = 1_u64;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..1_000_000 {
        now_ms += roll(40);
        let now = Moment {
            monotonic_ms: now_ms,
            unix_ms: i64::try_from(now_ms).unwrap(),
        };
        let before = machine.state();
        let transition = match roll(100) {
            0..50 => {
                let (permit, transition) = machine.enter(&POLICY, now);
                permits.extend(permit);
                transition
            }
            50..80 if !permits.is_empty() => {
                let at = usize::try_from(roll(permits.len() as u64)).unwrap();
                let failed = roll(2) == 0;
                machine.judge(permits.swap_remove(at), failed, false, &POLICY, now)
            }
            80..95 if !permits.is_empty() => {
                machine.give_back(permits.swap_remove(0));
                None
            }
            95 => machine.reset(now),
            96 => machine.set_hold(
                BreakerHold::Open {
                    until_ms: Some(now.unix_ms + 200),
                },
                now,
            ),
            97 => machine.set_hold(
                BreakerHold::Closed {
                    until_ms: now.unix_ms + 200,
                },
                now,
            ),
            98 => machine.set_hold(BreakerHold::Auto, now),
            _ => machine.tick(&POLICY, now),
        };
        let after = machine.state();
        match transition {
            None => assert_eq!(before, after, "a transition that nobody was told of"),
            Some(Transition { from, to, .. }) => {
                assert_eq!((from, to), (before, after));
                assert!(is_legal(from, to), "{from:?} → {to:?}");
                seen.insert((from, to));
            }
        }
        if let Phase::HalfOpen { out, passed } = machine.phase {
            assert!(out + passed <= POLICY.probes, "never more probes than allowed");
        }
    }
    assert!(seen.len() >= 12, "the walk has seen most transitions: {seen:?}");
}

proptest! {
    #[test]
    fn a_closed_one_opens_exactly_when_its_rule_says(results in prop::collection::vec(any::<bool>(), 0..40)) {
        let mut machine = Machine::new(0);
        let (mut requests, mut failures) = (0_u32, 0_u32);
        let now = Moment { monotonic_ms: 5, unix_ms: 5 };
        for failed in results {
            let Some(permit) = machine.enter(&POLICY, now).0 else { break };
            machine.judge(permit, failed, false, &POLICY, now);
            requests += 1;
            failures += u32::from(failed);
            let opens = failed && failures >= POLICY.failures && failures * 100 >= requests * POLICY.percent;
            prop_assert_eq!(machine.state() == BreakerState::Open, opens);
        }
    }
}
