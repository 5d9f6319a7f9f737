//! Encodings in the plane of their most variance, by class.

use super::canvas::{Align, Canvas, Marker, TextSize, shortened, title};
use super::colours::{FAINT_INK, INK, of_class};
use super::frame::Frame;
use super::picture::{Picture, PictureError};
use super::principal_plane::PrincipalPlane;
use crate::eval::statistics::quantile;

/// Points of a class at most, evenly spaced through its rows.
const MOST_POINTS: usize = 300;
/// Share of the points that may lie beyond each edge, where they are held: a few far ones must not press the rest together.
const BEYOND: f64 = 0.005;
const COLUMNS: usize = 3;

/// A point a row, in the plane of the rows' principal components, with the colour and shape of its class.
///
/// `encodings`: row-major, `width` a row. `labels`: the class of each row.
/// Errors: as [`PrincipalPlane::fit`]; another number of labels than of rows.
pub fn encodings(
    encodings: &[f32],
    width: usize,
    labels: &[usize],
    class_names: &[&str],
    title_text: &str,
) -> Result<Picture, PictureError> {
    let plane = PrincipalPlane::fit(encodings, width)?;
    let places = plane.project(encodings);
    if places.len() != labels.len() {
        let reason = format!("{} labels of {} rows", labels.len(), places.len());
        return Err(PictureError::Content { picture: "encodings", reason });
    }
    let range = |axis: usize| {
        let along: Vec<f64> = places.iter().map(|place| place[axis]).collect();
        let at = |share: f64| quantile(&along, share).unwrap_or_default();
        let (least, greatest) = (at(BEYOND), at(1.0 - BEYOND));
        let margin = (0.04 * (greatest - least)).max(1e-9);
        [least - margin, greatest + margin]
    };
    let mut canvas = Canvas::default();
    title(&mut canvas, title_text);
    let frame = Frame { x_px: [70.0, 930.0], y_px: [74.0, 770.0], x: range(0), y: range(1) };
    for (class, place) in drawn_points(&places, labels) {
        canvas.marker(Marker::of_class(class), frame.place(place[0], place[1]), 9.0, of_class(class));
    }
    let [first, second] = plane.explained().map(|share| format!("{:.0} % of the variance", 100.0 * share));
    frame.edges(&mut canvas, "", &format!("principal component 2, {second}"), 34.0);
    let below = [(frame.x_px[0] + frame.x_px[1]) / 2.0, frame.y_px[1] + 20.0];
    canvas.text(&format!("principal component 1, {first}"), below, Align::Middle, TextSize::Normal, INK);
    legend(&mut canvas, labels, class_names);
    Ok(canvas.finish())
}

/// Rows by turns of their class, so that none is drawn over another as a whole.
fn drawn_points(places: &[[f64; 2]], labels: &[usize]) -> Vec<(usize, [f64; 2])> {
    let classes = labels.iter().max().map_or(0, |greatest| greatest + 1);
    let mut of_class = vec![Vec::new(); classes];
    for (place, label) in places.iter().zip(labels) {
        of_class[*label].push(*place);
    }
    let mut points = Vec::new();
    for (class, places) in of_class.into_iter().enumerate() {
        let step = places.len().div_ceil(MOST_POINTS).max(1);
        points.extend(places.into_iter().step_by(step).enumerate().map(|(turn, place)| (turn, class, place)));
    }
    points.sort_by_key(|(turn, class, _)| (*turn, *class));
    points.into_iter().map(|(_, class, place)| (class, place)).collect()
}

/// The classes that occur, three a line.
fn legend(canvas: &mut Canvas, labels: &[usize], class_names: &[&str]) {
    let mut classes = labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let lines = classes.len().div_ceil(COLUMNS);
    for (index, class) in classes.into_iter().enumerate() {
        let name = class_names.get(class).map_or_else(|| class.to_string(), |name| shortened(name, 22));
        let at = [84.0 + (index / lines) as f64 * 290.0, 824.0 + (index % lines) as f64 * 30.0];
        canvas.marker(Marker::of_class(class), at, 12.0, of_class(class));
        let ink = if class_names.get(class).is_some() { INK } else { FAINT_INK };
        canvas.text(&name, [at[0] + 16.0, at[1]], Align::Start, TextSize::Normal, ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_take_turns_and_are_bounded() {
        let places: Vec<[f64; 2]> = (0..1_000).map(|row| [f64::from(row), 0.0]).collect();
        let labels: Vec<usize> = (0..1_000).map(|row| usize::from(row >= 990)).collect();
        let points = drawn_points(&places, &labels);
        let of_first = points.iter().filter(|(class, _)| *class == 0).count();
        assert!(of_first <= MOST_POINTS && of_first > MOST_POINTS / 2, "{of_first}");
        assert_eq!(points.len() - of_first, 10);
        assert_eq!([points[0].0, points[1].0, points[2].0], [0, 1, 0]);
    }

    #[test]
    fn unequal_columns_and_empty_ones_are_refused() {
        assert!(encodings(&[], 4, &[], &[], "").is_err());
        assert!(encodings(&[1.0; 8], 4, &[0], &[], "").is_err());
        // One point, which spans no range, is drawn all the same.
        let picture = encodings(&[1.0, 2.0], 2, &[0], &["calm"], "one").unwrap();
        assert_ne!(picture.pixel(500, 422), [255; 3]);
    }
}
