//! What holds for every target, whatever it is given: an error is short enough to be kept in a record or a log
//! line and says something; a fault names its service, is of one kind, and what that kind means is consistent.

use lockstep::faults::aws::SIGNATURE_CODES;
use lockstep::faults::{Fault, FaultKind, Service};

/// What the clients of the targets are configured to prove themselves with, and what answers may echo.
pub const SECRET: &str = "s3cr3t-that-is-never-shown-0123456789";

/// The longest that an error may be, in characters. `Fault::message` is documented as "at most a few hundred
/// characters"; the rest is for the names around it.
pub const LONGEST_ERROR: usize = 1_000;

/// An error in words is bounded and says something.
///
/// # Panics
/// It does not.
pub fn check_error(words: &str) {
    let length = words.chars().count();
    let start: String = words.chars().take(300).collect();
    assert!(length <= LONGEST_ERROR, "an error of {length} characters: {start}…");
    assert!(!words.trim().is_empty(), "an error without words");
}

/// Nothing that is shown holds the secret.
///
/// # Panics
/// It does.
pub fn check_secret(shown: &str) {
    assert!(!shown.contains(SECRET), "the secret is shown: {shown}");
}

/// The fault shows no secret, to people or to a debugger.
///
/// # Panics
/// It does.
pub fn check_discreet(fault: &Fault) {
    check_secret(&fault.to_string());
    check_secret(&format!("{fault:?}"));
}

/// A fault of this service is bounded and names its service, its operation and what happened.
///
/// # Panics
/// It does not.
pub fn check_fault(fault: &Fault, service: Service) {
    let shown = fault.to_string();
    check_error(&shown);
    assert_eq!(fault.service, service, "{fault:?}");
    assert!(shown.contains(fault.operation) && !fault.operation.is_empty(), "{shown}");
    assert!(!fault.message.is_empty(), "{fault:?} does not say what happened");
    // What may have happened passes or is looked for again; of what is permanent, only an answer that cannot be
    // read leaves that in doubt.
    let is_clear = fault.is_transient() || !fault.may_have_happened();
    assert!(is_clear || fault.kind == FaultKind::Unintelligible, "{fault:?}");
}

/// As [`check_fault`], for AWS: what explains a refused signature quotes the request, session token included,
/// so none of it may be shown.
///
/// # Panics
/// It does not hold.
pub fn check_aws_fault(fault: &Fault, service: Service) {
    check_fault(fault, service);
    let code = fault.message.split(':').next().unwrap_or_default();
    if SIGNATURE_CODES.contains(&code) {
        check_discreet(fault);
    }
}
