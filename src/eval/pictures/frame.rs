//! A frame with axes that data are drawn in.

use super::canvas::{Align, Canvas, TextSize};
use super::colours::{FAINT_INK, GRID, INK};

/// A rectangle of the picture, and the ranges of data that it shows.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Left and right edge [px].
    pub x_px: [f64; 2],
    /// Upper and lower edge [px].
    pub y_px: [f64; 2],
    /// Data at the left and right edge.
    pub x: [f64; 2],
    /// Data at the lower and upper edge.
    pub y: [f64; 2],
}

impl Frame {
    /// Where a point of data lies [px], within the frame.
    #[must_use]
    pub fn place(&self, x: f64, y: f64) -> [f64; 2] {
        let share = |value: f64, [least, greatest]: [f64; 2]| ((value - least) / (greatest - least)).clamp(0.0, 1.0);
        [
            self.x_px[0] + share(x, self.x) * (self.x_px[1] - self.x_px[0]),
            self.y_px[1] - share(y, self.y) * (self.y_px[1] - self.y_px[0]),
        ]
    }

    /// Horizontal grid lines with their labels on the left.
    pub fn y_ticks(&self, canvas: &mut Canvas, ticks: &[(f64, String)]) {
        for (value, label) in ticks {
            let [_, y_px] = self.place(self.x[0], *value);
            canvas.line([self.x_px[0], y_px], [self.x_px[1], y_px], 1.0, GRID);
            canvas.text(label, [self.x_px[0] - 10.0, y_px], Align::End, TextSize::Normal, INK);
        }
    }

    /// Labels below the frame.
    pub fn x_ticks(&self, canvas: &mut Canvas, ticks: &[(f64, String)]) {
        for (value, label) in ticks {
            let [x_px, _] = self.place(*value, self.y[0]);
            canvas.text(label, [x_px, self.y_px[1] + 18.0], Align::Middle, TextSize::Normal, INK);
        }
    }

    /// The edges, and what the axes are; after the data, which they bound.
    pub fn edges(&self, canvas: &mut Canvas, x_name: &str, y_name: &str, y_name_px: f64) {
        let ([left, right], [top, bottom]) = (self.x_px, self.y_px);
        let corners = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]];
        for ends in corners.windows(2) {
            canvas.line(ends[0], ends[1], 1.5, FAINT_INK);
        }
        canvas.text(x_name, [(left + right) / 2.0, bottom + 46.0], Align::Middle, TextSize::Normal, INK);
        canvas.upright_text(y_name, [y_name_px, (top + bottom) / 2.0], Align::Middle, TextSize::Normal, INK);
    }
}

/// Five steps of a share, labelled in percent.
#[must_use]
pub fn percent_ticks() -> Vec<(f64, String)> {
    (0..=5).map(|step| (f64::from(step) / 5.0, format!("{}", 20 * step))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_lie_where_the_ranges_say() {
        let frame = Frame { x_px: [100.0, 300.0], y_px: [50.0, 150.0], x: [-1.0, 1.0], y: [0.0, 10.0] };
        assert_eq!(frame.place(0.0, 0.0), [200.0, 150.0]);
        assert_eq!(frame.place(1.0, 10.0), [300.0, 50.0]);
        assert_eq!(frame.place(9.0, -9.0), [300.0, 150.0], "held at the edge");
    }
}
