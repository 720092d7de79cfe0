//! When clients do what.

use std::time::Duration;

use crate::units::At;

/// When clients do what.
#[derive(Debug, Clone, Copy)]
pub struct Pacing {
    /// How many clients there are.
    pub clients: u32,
    /// How many turns a second they are to have together; without it, each has its next when it has the
    /// reply.
    pub rate: Option<f64>,
    /// Over how long they begin, one after the other. Where turns are due at times of their own, the first
    /// of them is due at its end, when all have a conn.
    pub ramp: Duration,
}

impl Pacing {
    /// When a client begins; the first has number 1.
    #[must_use]
    pub fn start(&self, client: u32) -> At {
        At::START + self.ramp.mul_f64(f64::from(client - 1) / f64::from(self.clients))
    }

    /// When a client is to have the turn that so many were before, if that does not depend on the server.
    #[must_use]
    pub fn due(&self, client: u32, before: u64) -> Option<At> {
        let rate = self.rate?;
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^52 turns")]
        let place = before as f64 * f64::from(self.clients) + f64::from(client - 1);
        let offset = Duration::try_from_secs_f64(place / rate).unwrap_or(Duration::MAX);
        Some(At::START + self.ramp + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_spread_evenly_over_clients_and_time() {
        let pacing = Pacing { clients: 4, rate: Some(8.0), ramp: Duration::ZERO };
        let due: Vec<u64> = (0..2)
            .flat_map(|turn| (1..=4).map(move |client| (client, turn)))
            .map(|(client, turn)| pacing.due(client, turn).unwrap().micros())
            .collect();
        assert_eq!(due, [0, 125, 250, 375, 500, 625, 750, 875].map(|millis| millis * 1000));
    }

    #[test]
    fn turns_are_due_when_all_have_begun() {
        let pacing = Pacing { clients: 2, rate: Some(2.0), ramp: Duration::from_secs(1) };
        assert_eq!([1, 2].map(|client| pacing.start(client).micros()), [0, 500_000]);
        assert_eq!(pacing.due(2, 1).unwrap().micros(), 1_000_000 + 1_500_000);
        assert_eq!(Pacing { rate: None, ..pacing }.due(2, 1), None);
    }

    #[test]
    fn a_turn_that_never_comes_is_no_overflow() {
        let pacing = Pacing { clients: 1, rate: Some(1e-300), ramp: Duration::ZERO };
        assert!(pacing.due(1, u64::MAX).unwrap() > At::from_micros(1 << 60));
    }
}
