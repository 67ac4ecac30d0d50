//! Ctrl-C.

use std::io::Write;
use std::thread;
use std::time::Duration;

use crate::build::Stop;

/// How long an interrupted command may take to end by itself. Whatever it does, it can be killed without harm: nothing is
/// ever written in place.
const GRACE: Duration = Duration::from_secs(2);

/// A wish to stop that is set when the user interrupts the program, or the system asks it to end.
pub(super) fn on_interrupt() -> Stop {
    let stop = Stop::default();
    let wish = stop.clone();
    // Without a handler an interrupt ends the program at once, which does no harm either.
    let _ = ctrlc::set_handler(move || {
        if wish.is_set() {
            std::process::exit(130);
        }
        wish.set();
        thread::spawn(|| {
            thread::sleep(GRACE);
            // If stderr is gone there is nobody to tell.
            let _ = writeln!(
                anstream::stderr(),
                "stopped in the middle of a step, which is lost and nothing else"
            );
            std::process::exit(130);
        });
    });
    stop
}
