//! The confusion matrix as a picture.

use super::canvas::{Align, Canvas, TextSize, shortened, title};
use super::colours::{ABSENT, FAINT_INK, INK, WHITE, ink_on, of_share};
use super::picture::{Picture, PictureError};
use crate::eval::classification::confusion::ConfusionMatrix;

/// Corners of the matrix [px], and what is left between cells.
const LEFT_PX: f64 = 238.0;
const TOP_PX: f64 = 74.0;
const SIZE_PX: f64 = 672.0;
const GAP_PX: f64 = 1.0;
/// Letters of a class's name.
const MOST_LETTERS: usize = 20;
/// Cells narrower than this hold no counts.
const LEAST_CELL_PX: f64 = 34.0;

/// True classes as rows, given ones as columns: the share of the row in percent, its colour, and the count beneath.
///
/// `class_names`: one a class; a missing name is told as its index.
/// Errors: a matrix without classes, or that is not square.
pub fn confusion_matrix(
    confusion: &ConfusionMatrix,
    class_names: &[&str],
    title_text: &str,
) -> Result<Picture, PictureError> {
    let classes = confusion.classes();
    if classes == 0 || confusion.counts.iter().any(|row| row.len() != classes) {
        let reason = format!("{classes} classes, rows of another length");
        return Err(PictureError::Content { picture: "confusion matrix", reason });
    }
    let mut canvas = Canvas::default();
    title(&mut canvas, title_text);
    let cell_px = SIZE_PX / classes as f64;
    canvas.rectangle([LEFT_PX - 1.0, TOP_PX - 1.0], [LEFT_PX + SIZE_PX + 1.0, TOP_PX + SIZE_PX + 1.0], FAINT_INK);
    for truth in 0..classes {
        for given in 0..classes {
            let corner = [LEFT_PX + given as f64 * cell_px, TOP_PX + truth as f64 * cell_px];
            cell(&mut canvas, confusion, (truth, given), corner, cell_px);
        }
    }
    for class in 0..classes {
        let name = class_names.get(class).map_or_else(|| class.to_string(), |name| shortened(name, MOST_LETTERS));
        let middle = (class as f64 + 0.5) * cell_px;
        canvas.text(&name, [LEFT_PX - 8.0, TOP_PX + middle], Align::End, TextSize::Normal, INK);
        let below = [LEFT_PX + middle, TOP_PX + SIZE_PX + 8.0];
        canvas.upright_text(&name, below, Align::End, TextSize::Normal, INK);
    }
    canvas.upright_text("true class", [16.0, TOP_PX + SIZE_PX / 2.0], Align::Middle, TextSize::Normal, FAINT_INK);
    canvas.text("given class", [LEFT_PX - 8.0, TOP_PX + SIZE_PX + 20.0], Align::End, TextSize::Normal, FAINT_INK);
    for (line, text) in ["% of the true class,", "count beneath"].into_iter().enumerate() {
        let at = [LEFT_PX - 8.0, TOP_PX + SIZE_PX + 58.0 + 22.0 * line as f64];
        canvas.text(text, at, Align::End, TextSize::Normal, FAINT_INK);
    }
    Ok(canvas.finish())
}

fn cell(
    canvas: &mut Canvas,
    confusion: &ConfusionMatrix,
    (truth, given): (usize, usize),
    [left, top]: [f64; 2],
    cell_px: f64,
) {
    let share = confusion.share(truth, given);
    let ground = share.map_or(ABSENT, of_share);
    let inner = [left + GAP_PX / 2.0, top + GAP_PX / 2.0];
    canvas.rectangle(inner, [left + cell_px - GAP_PX / 2.0, top + cell_px - GAP_PX / 2.0], ground);
    let count = confusion.counts[truth][given];
    let Some(share) = share.filter(|_| count > 0) else { return };
    let ink = if ground == WHITE { INK } else { ink_on(ground) };
    let percent = 100.0 * share;
    let told = match percent {
        percent if percent >= 99.95 => "100".to_owned(),
        percent if percent < 0.05 => "<0.1".to_owned(),
        percent => format!("{percent:.1}"),
    };
    let size = if TextSize::Normal.width_px(&told) <= cell_px - 4.0 { TextSize::Normal } else { TextSize::Small };
    let middle = [left + cell_px / 2.0, top + cell_px / 2.0];
    let counted = count.to_string();
    if cell_px >= LEAST_CELL_PX && TextSize::Small.width_px(&counted) <= cell_px - 2.0 {
        canvas.text(&told, [middle[0], middle[1] - 7.0], Align::Middle, size, ink);
        canvas.text(&counted, [middle[0], middle[1] + 13.0], Align::Middle, TextSize::Small, ink);
    } else {
        canvas.text(&told, middle, Align::Middle, size, ink);
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::RgbColor;

    use super::*;

    #[test]
    fn cells_have_the_colour_of_their_share() {
        let confusion = ConfusionMatrix { counts: vec![vec![3, 1, 0], vec![0, 0, 0], vec![0, 0, 8]] };
        let picture = confusion_matrix(&confusion, &["calm", "storm", "fog"], "Confusion matrix").unwrap();
        let of = |truth: usize, given: usize| {
            let cell_px = SIZE_PX / 3.0;
            let at = |index: usize, start: f64| (start + index as f64 * cell_px + 10.0) as usize;
            picture.pixel(at(given, LEFT_PX), at(truth, TOP_PX))
        };
        let colour = |share: f64| {
            let colour = of_share(share);
            [colour.r(), colour.g(), colour.b()]
        };
        assert_eq!([of(0, 0), of(0, 1), of(0, 2), of(2, 2)], [0.75, 0.25, 0.0, 1.0].map(colour));
        assert_eq!(of(1, 1), [ABSENT.r(), ABSENT.g(), ABSENT.b()]);
        assert!(confusion_matrix(&ConfusionMatrix { counts: vec![] }, &[], "").is_err());
        assert!(confusion_matrix(&ConfusionMatrix { counts: vec![vec![1, 2]] }, &[], "").is_err());
    }
}
