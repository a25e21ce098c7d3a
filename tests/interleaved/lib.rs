//! The recorder's lock-free part, in the orders in which threads can meet in it: `src/recorder/door.rs` as it is, on atomics whose every operation is a
//! place where the scheduler may go on with another thread.
//!
//! All its operations that others depend on are `SeqCst`, so that to run them one by one is to run them as a machine does. A fault that shows with up to
//! [`DEPTH`] changes of thread at the wrong places is found with a probability that [`SCHEDULES`] makes near to one: with any two lines of `Door::sleep`, of
//! `Intake::push` or of the closing exchanged, these tests fail.

#![cfg(test)]

use shuttle::sync::atomic;
use shuttle::sync::{Arc, Condvar, Mutex, mpsc};
use shuttle::{check_pct, thread};

#[path = "../../src/recorder/door.rs"]
#[allow(dead_code)]
mod door;

use door::Door;

const SCHEDULES: usize = 50_000;
const DEPTH: usize = 4;

/// What wakes the one who takes, once for each time that it is rung or fewer times.
#[derive(Default)]
struct Bell {
    is_rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.is_rung.lock().unwrap() = true;
        self.heard.notify_one();
    }

    fn wait(&self) {
        let mut is_rung = self.is_rung.lock().unwrap();
        while !*is_rung {
            is_rung = self.heard.wait(is_rung).unwrap();
        }
        *is_rung = false;
    }
}

/// Pushes as `Intake::push` does, and tells whether it could.
fn push(door: &Door, bell: &Bell, queue: &mpsc::SyncSender<u32>, item: u32) -> bool {
    door.enter();
    let sent = !door.is_closed() && queue.try_send(item).is_ok();
    if !sent {
        door.turn_back();
        return false;
    }
    if door.wakes() {
        bell.ring();
    }
    true
}

fn stand() -> (
    Arc<(Door, Bell)>,
    mpsc::SyncSender<u32>,
    mpsc::Receiver<u32>,
) {
    let (sender, receiver) = mpsc::sync_channel(2);
    (Arc::default(), sender, receiver)
}

/// A schedule in which the one who takes sleeps while something waits ends with nobody who could go on, which the scheduler reports.
#[test]
fn nobody_sleeps_beside_what_waits() {
    check_pct(
        || {
            let (shared, sender, receiver) = stand();
            let pushers: Vec<_> = (0..2)
                .map(|item| {
                    let (shared, sender) = (shared.clone(), sender.clone());
                    thread::spawn(move || assert!(push(&shared.0, &shared.1, &sender, item)))
                })
                .collect();
            let (door, bell) = &*shared;
            let mut taken = 0;
            while taken < 2 {
                if receiver.try_recv().is_ok() {
                    door.took();
                    taken += 1;
                } else if door.sleep() {
                    bell.wait();
                    door.wake();
                } else {
                    thread::yield_now();
                }
            }
            assert_eq!(door.waiting(), 0);
            for pusher in pushers {
                pusher.join().unwrap();
            }
        },
        SCHEDULES,
        DEPTH,
    );
}

#[test]
fn what_was_let_in_is_taken_before_the_end() {
    check_pct(
        || {
            let (shared, sender, receiver) = stand();
            let pushers: Vec<_> = (0..2)
                .map(|item| {
                    let (shared, sender) = (shared.clone(), sender.clone());
                    thread::spawn(move || push(&shared.0, &shared.1, &sender, item))
                })
                .collect();
            let (door, _) = &*shared;
            door.close();
            let mut taken = 0;
            while door.waiting() > 0 {
                match receiver.try_recv() {
                    Ok(_) => {
                        door.took();
                        taken += 1;
                    }
                    Err(_) => thread::yield_now(),
                }
            }
            let let_in = pushers.into_iter().map(|it| it.join().unwrap());
            let let_in = let_in.filter(|was_let_in| *was_let_in).count();
            assert_eq!(let_in, taken, "nothing is left behind");
        },
        SCHEDULES,
        DEPTH,
    );
}
