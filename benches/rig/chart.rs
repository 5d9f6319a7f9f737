//! A row of charts on logarithmic axes, as SVG.

use std::fmt::Write;

/// One line of a chart.
pub(crate) struct Series {
    name: String,
    points: Vec<(f64, f64)>,
}

impl Series {
    pub(crate) fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points }
    }
}

/// One chart: what stands on its axes, and its lines. All numbers are above zero.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) x: &'static str,
    pub(crate) y: &'static str,
    pub(crate) series: Vec<Series>,
}

const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 300.0;
/// Room for the labels: left, right, top, bottom.
const MARGINS: [f64; 4] = [58.0, 16.0, 36.0, 48.0];
const COLOURS: [&str; 2] = ["#1f5fa8", "#c4551c"];

/// A logarithmic axis from one place on the paper to another.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// From below the least to above the greatest of the values, by a share of their span.
    fn over(values: &[f64], from: f64, to: f64) -> Self {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min).log10();
        let greatest = values.iter().copied().fold(0.0, f64::max).log10();
        let spare = (0.08 * (greatest - least)).max(0.03);
        Self { low: least - spare, high: greatest + spare, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        self.from + (value.log10() - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The powers of ten, or where those are few 1, 2 and 5 times them.
    fn ticks(&self) -> Vec<f64> {
        let steps: &[f64] = if self.high - self.low > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let powers = self.low.floor() as i32..=self.high.ceil() as i32;
        let all = powers.flat_map(|power| steps.iter().map(move |step| step * 10.0_f64.powi(power)));
        all.filter(|tick| (self.low..=self.high).contains(&tick.log10())).collect()
    }
}

/// The charts side by side.
pub(crate) fn draw(panels: &[Panel]) -> String {
    let width = WIDTH * panels.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"#222\">\n<rect width=\"{width}\" height=\"{HEIGHT}\" \
         fill=\"white\"/>\n"
    );
    for (index, panel) in panels.iter().enumerate() {
        panel.draw(WIDTH * index as f64, &mut svg);
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel {
    fn draw(&self, left: f64, svg: &mut String) {
        let mut line = |text: String| {
            svg.push_str(&text);
            svg.push('\n');
        };
        let of = |pick: fn(&(f64, f64)) -> f64| -> Vec<f64> {
            self.series.iter().flat_map(|series| series.points.iter().map(pick)).collect()
        };
        let [x0, x1] = [left + MARGINS[0], left + WIDTH - MARGINS[1]];
        let [y0, y1] = [HEIGHT - MARGINS[3], MARGINS[2]];
        let (x, y) = (Axis::over(&of(|point| point.0), x0, x1), Axis::over(&of(|point| point.1), y0, y1));
        let middle = 0.5 * (x0 + x1);
        let rising = self.series.iter().any(|series| {
            let ends = series.points.first().zip(series.points.last());
            ends.is_some_and(|(first, last)| last.1 > first.1)
        });
        line(format!(
            "<text x=\"{middle}\" y=\"20\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>",
            self.title
        ));
        for tick in x.ticks() {
            let at = x.place(tick);
            line(format!("<line x1=\"{at:.1}\" y1=\"{y0}\" x2=\"{at:.1}\" y2=\"{y1}\" stroke=\"#e4e4e4\"/>"));
            line(format!("<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>", y0 + 15.0));
        }
        for tick in y.ticks() {
            let at = y.place(tick);
            line(format!("<line x1=\"{x0}\" y1=\"{at:.1}\" x2=\"{x1}\" y2=\"{at:.1}\" stroke=\"#e4e4e4\"/>"));
            line(format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>", x0 - 6.0, at + 4.0));
        }
        line(format!("<path d=\"M{x0} {y1}V{y0}H{x1}\" fill=\"none\" stroke=\"#222\"/>"));
        line(format!("<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>", HEIGHT - 14.0, self.x));
        let (side, centre) = (left + 16.0, 0.5 * (y0 + y1));
        line(format!(
            "<text x=\"{side}\" y=\"{centre}\" text-anchor=\"middle\" transform=\"rotate(-90 {side} {centre})\">{}</text>",
            self.y
        ));
        for (index, (series, colour)) in self.series.iter().zip(COLOURS).enumerate() {
            let mut path = String::new();
            for (at, point) in series.points.iter().enumerate() {
                let (px, py) = (x.place(point.0), y.place(point.1));
                let pen = if at == 0 { 'M' } else { 'L' };
                write!(path, "{pen}{px:.1} {py:.1}").expect("a string takes any text");
                line(format!("<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3\" fill=\"{colour}\"/>"));
            }
            line(format!("<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>"));
            // The legend stands in the upper corner that the lines leave free.
            let (at_x, at_y) = (if rising { x0 + 10.0 } else { x1 - 92.0 }, y1 + 12.0 + 15.0 * index as f64);
            line(format!(
                "<path d=\"M{at_x} {at_y}h18\" stroke=\"{colour}\" stroke-width=\"1.6\"/><text x=\"{}\" y=\"{}\">{}</text>",
                at_x + 23.0,
                at_y + 4.0,
                series.name
            ));
        }
    }
}
