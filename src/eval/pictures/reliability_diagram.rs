//! The reliability diagram as a picture.

use super::canvas::{Align, Canvas, TextSize, title};
use super::colours::{FAINT_INK, INK, of_class, of_share};
use super::frame::{Frame, percent_ticks};
use super::picture::{Picture, PictureError};
use crate::eval::classification::clusters::Estimate;
use crate::eval::classification::reliability::ReliabilityBin;

/// Accuracy by confidence as bars, beside the diagonal of one who is right as often as they say, and how many rows there are of each.
///
/// Errors: no bins.
pub fn reliability_diagram(
    bins: &[ReliabilityBin],
    expected_calibration_error: Estimate,
    title_text: &str,
) -> Result<Picture, PictureError> {
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
        return Err(PictureError::Content { picture: "reliability diagram", reason: "no bins".to_owned() });
    };
    let x = [first.above, last.up_to];
    let mut canvas = Canvas::default();
    title(&mut canvas, title_text);
    let bars = Frame { x_px: [110.0, 930.0], y_px: [104.0, 640.0], x, y: [0.0, 1.0] };
    bars.y_ticks(&mut canvas, &percent_ticks());
    for bin in bins {
        let (Some(accuracy), Some(confidence)) = (bin.accuracy, bin.confidence) else { continue };
        let [left, top] = bars.place(bin.above, accuracy);
        let [right, bottom] = bars.place(bin.up_to, 0.0);
        canvas.rectangle([left + 2.0, top], [right - 2.0, bottom], of_share(0.55));
        // How far the bar is from where it should end.
        let [middle, should] = bars.place(confidence, confidence);
        canvas.line([middle, top], [middle, should], 3.0, of_class(4));
        canvas.line([left + 2.0, should], [right - 2.0, should], 3.0, of_class(4));
    }
    canvas.dashed_line(bars.place(x[0], x[0]), bars.place(x[1], x[1]), 2.0, FAINT_INK);
    bars.edges(&mut canvas, "", "accuracy in %", 30.0);
    let [low, high] = expected_calibration_error.ci95.map(|bound| 100.0 * bound);
    let error =
        format!("expected calibration error {:.2} % [{low:.2}, {high:.2}]", 100.0 * expected_calibration_error.value);
    // Above the frame, as bars may stand anywhere within.
    canvas.text(&error, [110.0, 82.0], Align::Start, TextSize::Normal, INK);
    canvas.rectangle([640.0, 75.0], [660.0, 89.0], of_share(0.55));
    canvas.text("accuracy", [666.0, 82.0], Align::Start, TextSize::Normal, INK);
    canvas.line([758.0, 82.0], [778.0, 82.0], 3.0, of_class(4));
    canvas.text("mean confidence", [784.0, 82.0], Align::Start, TextSize::Normal, INK);

    let rows: u64 = bins.iter().map(|bin| bin.rows).sum();
    let most = bins.iter().map(|bin| bin.rows as f64 / rows.max(1) as f64).fold(0.0, f64::max);
    // Up to the next tenth.
    let top = ((most * 10.0).ceil() / 10.0).max(0.1);
    let counts = Frame { x_px: bars.x_px, y_px: [690.0, 870.0], x, y: [0.0, top] };
    let percent = |share: f64| (share, format!("{:.0}", 100.0 * share));
    counts.y_ticks(&mut canvas, &[percent(0.0), percent(top / 2.0), percent(top)]);
    counts.x_ticks(&mut canvas, &percent_ticks());
    for bin in bins {
        let [left, top] = counts.place(bin.above, bin.rows as f64 / rows.max(1) as f64);
        let [right, bottom] = counts.place(bin.up_to, 0.0);
        canvas.rectangle([left + 2.0, top], [right - 2.0, bottom], FAINT_INK);
    }
    counts.edges(&mut canvas, "confidence in %", "windows in %", 30.0);
    Ok(canvas.finish())
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::RgbColor;

    use super::super::colours::WHITE;
    use super::*;
    use crate::eval::classification::reliability::reliability_bins;
    use crate::eval::classification::tests::judged;

    #[test]
    fn bars_are_as_high_as_accuracy() {
        let bins = reliability_bins(&judged());
        let error = Estimate { value: 0.32, ci95: [0.2, 0.4] };
        let picture = reliability_diagram(&bins, error, "Reliability").unwrap();
        let bar = of_share(0.55);
        // Bin 9 (0.533 to 0.6) is always right, bin 11 (0.667 to 0.733) never: beside the marks of the mean confidence.
        let x = |share: f64| (110.0 + share * 820.0) as usize;
        assert_eq!(picture.pixel(x(0.545), 120), [bar.r(), bar.g(), bar.b()]);
        assert_eq!(picture.pixel(x(0.68), 600), [WHITE.r(), WHITE.g(), WHITE.b()]);
        assert!(reliability_diagram(&[], error, "").is_err());
    }
}
