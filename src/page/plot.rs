//! Plots: dots, bars and curves over two axes, as SVG that a page holds.

use std::fmt::Write;

use super::{Markup, Px};
use crate::units::Human;

/// The drawing, in its own units; a page scales it.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 200.0;
/// What surrounds the field: room for the names of the ticks.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;

/// A plot. Its parts carry class names, and the style of the page gives them colours.
#[derive(Debug, Clone)]
pub struct Plot {
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From the bottom up.
    pub y: Axis,
    /// What is drawn, the first below the others.
    pub marks: Vec<Mark>,
}

/// Something in a plot; positions are values on its axes, and what lies beyond these is drawn at their
/// ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A value.
    Dot {
        /// Where.
        x: f64,
        /// How much.
        y: f64,
        /// The anchor on the page that it leads to.
        link: String,
        /// What it is.
        title: String,
    },
    /// Several values at one place, from the least to the greatest, and their median.
    Range {
        /// Where.
        x: f64,
        /// The least, the median and the greatest.
        y: [f64; 3],
        /// The anchor on the page that it leads to.
        link: String,
        /// What it is.
        title: String,
    },
    /// A bar of a histogram, from the bottom.
    Bar {
        /// From where.
        from: f64,
        /// To where.
        to: f64,
        /// How high.
        y: f64,
        /// What it counts should not be.
        bad: bool,
        /// What it is.
        title: String,
    },
    /// A curve of these classes through these points.
    Line(&'static str, Vec<(f64, f64)>),
    /// A part of the field that stands for more than its width.
    Gap {
        /// From where.
        from: f64,
        /// To where.
        to: f64,
        /// What it stands for.
        title: String,
    },
}

/// One axis of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    from: f64,
    to: f64,
    log: bool,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From `from` to `to`, with these ticks and their names.
    #[must_use]
    pub fn with_ticks(from: f64, to: f64, ticks: Vec<(f64, String)>) -> Axis {
        Axis { from, to: if to > from { to } else { from + 1.0 }, log: false, ticks }
    }

    /// From 0 to at least `most`, with round numbers as ticks, followed by `unit`.
    #[must_use]
    pub fn counts(most: f64, unit: &str) -> Axis {
        let step = round_step(most.max(1.0) / 4.0);
        let steps = (most / step).ceil().max(1.0);
        let mut ticks = Vec::new();
        let mut at = 0.0;
        while at <= steps * step + step / 2.0 {
            ticks.push((at, format!("{at}{unit}")));
            at += step;
        }
        Axis { from: 0.0, to: steps * step, log: false, ticks }
    }

    /// Durations in seconds on a logarithmic scale that has all from `least` to `most` on it, with a tick
    /// at each power of ten. Nothing is shorter than a microsecond.
    #[must_use]
    pub fn durations(least: f64, most: f64) -> Axis {
        let from = least.max(1e-6).log10().floor().min(most.max(1e-6).log10().ceil() - 1.0);
        let to = most.max(1e-6).log10().ceil().max(from + 1.0);
        let mut ticks = Vec::new();
        let mut power = from;
        while power <= to {
            let seconds = 10_f64.powf(power);
            let name = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
            ticks.push((seconds, Human(name).to_string()));
            power += 1.0;
        }
        Axis { from: 10_f64.powf(from), to: 10_f64.powf(to), log: true, ticks }
    }

    /// Its first value.
    #[must_use]
    pub const fn from(&self) -> f64 {
        self.from
    }

    /// Its last value.
    #[must_use]
    pub const fn to(&self) -> f64 {
        self.to
    }

    /// Where a value lies on it, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.log { value.max(1e-9).log10() } else { value };
        let (from, to) = (scale(self.from), scale(self.to));
        ((scale(value) - from) / (to - from)).clamp(0.0, 1.0)
    }
}

/// The least of 1, 2, 5, 10, 20, … that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    steps.into_iter().find(|step| *step >= least * 0.999).unwrap_or(power * 10.0).max(1.0)
}

impl Plot {
    /// The drawing.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let mut svg = Markup::new();
        svg.raw("<svg class=\"plot\" role=\"img\"")
            .attr("viewBox", format_args!("0 0 {WIDTH} {HEIGHT}"));
        svg.attr("aria-label", &self.title).raw(">\n");
        let (gaps, marks): (Vec<_>, Vec<_>) =
            self.marks.iter().partition(|mark| matches!(mark, Mark::Gap { .. }));
        for gap in gaps {
            self.draw_mark(gap, &mut svg);
        }
        self.draw_ticks(&mut svg);
        for mark in marks {
            self.draw_mark(mark, &mut svg);
        }
        svg.raw("</svg>\n");
        svg
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - TOP - BOTTOM)
    }

    fn draw_ticks(&self, svg: &mut Markup) {
        let (left, right) = (Px(LEFT), Px(WIDTH - RIGHT));
        for (value, name) in &self.y.ticks {
            let y = self.y(*value);
            svg.raw("<line class=\"grid\"").attr("x1", left).attr("x2", right);
            svg.attr("y1", Px(y)).attr("y2", Px(y)).raw("/>");
            svg.raw("<text class=\"tick y\"").attr("x", Px(LEFT - 8.0)).attr("y", Px(y + 4.0));
            svg.raw(">").text(name).raw("</text>\n");
        }
        for (value, name) in &self.x.ticks {
            let x = self.x(*value);
            // The last name ends where the field does, the first begins there.
            let class = match x {
                x if x < LEFT + 20.0 => "tick first",
                x if x > WIDTH - RIGHT - 20.0 => "tick last",
                _ => "tick",
            };
            svg.raw("<text").attr("class", class).attr("x", Px(x)).attr("y", Px(HEIGHT - 8.0));
            svg.raw(">").text(name).raw("</text>\n");
        }
    }

    fn draw_mark(&self, mark: &Mark, svg: &mut Markup) {
        match mark {
            Mark::Dot { x, y, link, title } => {
                svg.raw("<a")
                    .attr("href", format_args!("#{link}"))
                    .raw("><circle class=\"dot\" r=\"3.5\"");
                svg.attr("cx", Px(self.x(*x))).attr("cy", Px(self.y(*y))).raw("><title>");
                svg.text(title).raw("</title></circle></a>\n");
            }
            Mark::Range { x, y: [least, median, most], link, title } => {
                let x = Px(self.x(*x));
                svg.raw("<a").attr("href", format_args!("#{link}")).raw("><line class=\"range\"");
                svg.attr("x1", x).attr("x2", x).attr("y1", Px(self.y(*least) + 1.0));
                svg.attr("y2", Px(self.y(*most) - 1.0)).raw("><title>").text(title);
                svg.raw("</title></line><circle class=\"dot\" r=\"1.6\"").attr("cx", x);
                svg.attr("cy", Px(self.y(*median))).raw("/></a>\n");
            }
            Mark::Bar { from, to, y, bad, title } => {
                let (left, right, top) = (self.x(*from), self.x(*to), self.y(*y));
                let class = if *bad { "bar bad" } else { "bar" };
                svg.raw("<rect").attr("class", class).attr("x", Px(left)).attr("y", Px(top));
                svg.attr("width", Px((right - left - 1.0).max(1.0)));
                svg.attr("height", Px(HEIGHT - BOTTOM - top)).raw("><title>").text(title);
                svg.raw("</title></rect>\n");
            }
            Mark::Line(class, points) => {
                let mut path = String::new();
                for (x, y) in points {
                    let letter = if path.is_empty() { 'M' } else { 'L' };
                    let _ = write!(path, "{letter}{} {}", Px(self.x(*x)), Px(self.y(*y))); // a String takes it
                }
                svg.raw("<path").attr("class", class).attr("d", path).raw("/>\n");
            }
            Mark::Gap { from, to, title } => {
                let (left, right) = (self.x(*from), self.x(*to));
                svg.raw("<rect class=\"gap\"").attr("x", Px(left)).attr("y", Px(TOP));
                svg.attr("width", Px((right - left).max(0.5)));
                svg.attr("height", Px(HEIGHT - TOP - BOTTOM)).raw("><title>").text(title);
                svg.raw("</title></rect>\n");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_round_ticks() {
        let names = |most| Axis::counts(most, "").ticks.into_iter().map(|(_, name)| name);
        assert_eq!(names(0.0).collect::<Vec<_>>(), ["0", "1"]);
        assert_eq!(names(3.0).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        assert_eq!(names(930.0).collect::<Vec<_>>(), ["0", "500", "1000"]);
        assert_eq!(names(1700.0).collect::<Vec<_>>(), ["0", "500", "1000", "1500", "2000"]);
    }

    #[test]
    fn durations_have_a_tick_at_each_power_of_ten() {
        let names =
            |least, most| Axis::durations(least, most).ticks.into_iter().map(|(_, name)| name);
        assert_eq!(names(0.000_25, 0.03).collect::<Vec<_>>(), ["100us", "1ms", "10ms", "100ms"]);
        assert_eq!(names(1.0, 1.0).count(), 2, "an axis has a length");
        assert_eq!(names(0.0, 0.0).count(), 2);
    }

    #[test]
    fn what_lies_beyond_the_axes_is_drawn_at_their_ends() {
        let plot = Plot {
            title: "a \"b\"".into(),
            x: Axis::counts(10.0, ""),
            y: Axis::durations(0.001, 0.01),
            marks: vec![
                Mark::Dot { x: 99.0, y: 7.0, link: "e1".into(), title: "<late>".into() },
                Mark::Bar { from: 0.0, to: 5.0, y: 0.001, bad: true, title: String::new() },
                Mark::Line("curve", vec![(0.0, 0.001), (12.0, 0.01)]),
                Mark::Gap { from: 1.0, to: 2.0, title: "3s".into() },
                Mark::Range {
                    x: 5.0,
                    y: [0.0, 0.002, 9.0],
                    link: "e2".into(),
                    title: String::new(),
                },
            ],
        };
        let drawn = plot.draw();
        let drawn = drawn.as_str();
        assert!(drawn.contains("aria-label=\"a &quot;b&quot;\""), "{drawn}");
        assert!(drawn.contains("cx=\"948\" cy=\"10\"><title>&lt;late&gt;"), "{drawn}");
        assert!(drawn.contains("d=\"M64 174L948 10\""), "{drawn}");
        assert!(drawn.contains("href=\"#e2\""), "{drawn}");
        assert!(drawn.contains("<rect class=\"bar bad\" x=\"64\""), "{drawn}");
    }
}
