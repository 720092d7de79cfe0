//! What runs have come to: medians, spread, ratios.

/// One figure of each run, in the order of the runs.
#[derive(Clone, Default)]
pub(crate) struct Figures(Vec<f64>);

impl Figures {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The figure in the middle; NaN of none.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            n if n % 2 == 1 => sorted[n / 2],
            n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
        }
    }

    /// The least and the greatest.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (least, most)
    }

    /// The median of what this is to the other, run by run.
    pub(crate) fn ratio(&self, other: &Figures) -> f64 {
        Figures(self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect()).median()
    }
}

/// The value below which this part (0 to 1) of sorted values lies; 0 of none.
pub(crate) fn percentile(sorted: &[u64], part: f64) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is an index")]
    let at = (sorted.len() as f64 * part) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

/// A figure with three digits, and thousands set apart.
pub(crate) fn digits(figure: f64) -> String {
    match figure.abs() {
        _ if !figure.is_finite() => "-".to_owned(),
        size if size >= 1e6 => format!("{:.2} M", figure / 1e6),
        size if size >= 1e4 => format!("{:.0} k", figure / 1e3),
        size if size >= 1e3 => format!("{:.1} k", figure / 1e3),
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
