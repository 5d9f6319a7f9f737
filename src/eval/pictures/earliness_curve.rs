//! How early classifiers know, as a picture.

use super::canvas::{Align, Canvas, Marker, TextSize, shortened, title};
use super::colours::{GRID, INK, of_class};
use super::frame::{Frame, percent_ticks};
use super::picture::{Picture, PictureError};
use crate::eval::classification::earliness::Earliness;

/// Accuracy with its 95 % interval by how much of an encounter was seen, a curve a classifier, bins side by side.
///
/// Errors: no classifier, or bins that differ from each other.
pub fn earliness_curve(classifiers: &[(&str, &Earliness)], title_text: &str) -> Result<Picture, PictureError> {
    let fault = |reason: &str| PictureError::Content { picture: "earliness", reason: reason.to_owned() };
    let Some((_, first)) = classifiers.first() else { return Err(fault("no classifier")) };
    if classifiers.iter().any(|(_, other)| other.seen != first.seen || other.bins.len() != first.bins.len()) {
        return Err(fault("the classifiers have other bins"));
    }
    let mut canvas = Canvas::default();
    title(&mut canvas, title_text);
    let x = [-0.5, first.bins.len() as f64 - 0.5];
    let lines = classifiers.len().div_ceil(2) as f64;
    let frame = Frame { x_px: [110.0, 930.0], y_px: [76.0, 846.0 - 30.0 * lines], x, y: [0.0, 1.0] };
    frame.y_ticks(&mut canvas, &percent_ticks());
    let labels: Vec<(f64, String)> =
        first.bins.iter().enumerate().map(|(index, bin)| (index as f64, first.seen.label(bin))).collect();
    frame.x_ticks(&mut canvas, &labels);
    for (index, _) in &labels {
        let [x_px, top_px] = frame.place(*index, 1.0);
        canvas.line([x_px, top_px], [x_px, frame.y_px[1]], 1.0, GRID);
    }
    for (series, (name, earliness)) in classifiers.iter().enumerate() {
        // Side by side within a bin, lest intervals hide each other.
        let aside = (series as f64 - (classifiers.len() - 1) as f64 / 2.0) * 0.09;
        curve(&mut canvas, &frame, earliness, series, aside);
        let at = [130.0 + (series % 2) as f64 * 410.0, frame.y_px[1] + 84.0 + (series / 2) as f64 * 30.0];
        canvas.line([at[0] - 16.0, at[1]], [at[0] + 16.0, at[1]], 2.5, of_class(colour_of(series)));
        canvas.marker(Marker::of_class(series), at, 12.0, of_class(colour_of(series)));
        canvas.text(&shortened(name, 34), [at[0] + 26.0, at[1]], Align::Start, TextSize::Normal, INK);
    }
    frame.edges(&mut canvas, first.seen.name(), "accuracy in %", 30.0);
    Ok(canvas.finish())
}

/// Blue first, then orange, and so on; grey last.
fn colour_of(series: usize) -> usize {
    [5, 4, 3, 7, 8, 1][series % 6]
}

fn curve(canvas: &mut Canvas, frame: &Frame, earliness: &Earliness, series: usize, aside: f64) {
    let colour = of_class(colour_of(series));
    let known: Vec<(f64, _)> = earliness
        .bins
        .iter()
        .enumerate()
        .filter_map(|(index, bin)| Some((index as f64 + aside, bin.accuracy?)))
        .collect();
    let path: Vec<[f64; 2]> = known.iter().map(|(x, accuracy)| frame.place(*x, accuracy.value)).collect();
    canvas.path(&path, 2.5, colour);
    for (x, accuracy) in known {
        let [low, high] = accuracy.ci95.map(|bound| frame.place(x, bound));
        canvas.line(low, high, 2.0, colour);
        for [x_px, y_px] in [low, high] {
            canvas.line([x_px - 5.0, y_px], [x_px + 5.0, y_px], 2.0, colour);
        }
        canvas.marker(Marker::of_class(series), frame.place(x, accuracy.value), 10.0, colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::classification::earliness::Seen;
    use crate::eval::classification::tests::judged;

    #[test]
    fn curves_need_the_same_bins() {
        let judged = judged();
        let by_share = Earliness::of(&judged, Seen::Share, &[0.55; 10]).unwrap();
        let by_samples = Earliness::of(&judged, Seen::Samples, &[4.0; 10]).unwrap();
        assert!(earliness_curve(&[], "").is_err());
        assert!(earliness_curve(&[("a", &by_share), ("b", &by_samples)], "").is_err());
        let picture = earliness_curve(&[("a", &by_share)], "early").unwrap();
        // Bin 5 of ten at an accuracy of 0.7: the frame is 740 high from 76, and a bin 82 wide from 110.
        let colour = of_class(5);
        use embedded_graphics::pixelcolor::RgbColor;
        assert_eq!(picture.pixel(110 + 451, 76 + 222), [colour.r(), colour.g(), colour.b()]);
    }
}
