//! The colours of pictures, which tell classes apart for the colour-blind too.

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};

/// Of the ground.
pub const WHITE: Rgb888 = Rgb888::new(255, 255, 255);
/// Of text.
pub const INK: Rgb888 = Rgb888::new(25, 25, 30);
/// Of text that matters less.
pub const FAINT_INK: Rgb888 = Rgb888::new(105, 105, 115);
/// Of grid lines.
pub const GRID: Rgb888 = Rgb888::new(222, 222, 228);
/// Of what is absent.
pub const ABSENT: Rgb888 = Rgb888::new(236, 236, 236);

/// Twelve colours, the first eight those of Okabe and Ito (Color Universal Design, 2008) with grey for black.
const CLASSES: [Rgb888; 12] = [
    Rgb888::new(110, 110, 110),
    Rgb888::new(230, 159, 0),
    Rgb888::new(86, 180, 233),
    Rgb888::new(0, 158, 115),
    Rgb888::new(213, 94, 0),
    Rgb888::new(0, 114, 178),
    Rgb888::new(240, 228, 66),
    Rgb888::new(204, 121, 167),
    Rgb888::new(90, 40, 130),
    Rgb888::new(120, 70, 20),
    Rgb888::new(150, 215, 80),
    Rgb888::new(20, 20, 20),
];

/// The colour of a class or series.
#[must_use]
pub fn of_class(class: usize) -> Rgb888 {
    CLASSES[class % CLASSES.len()]
}

/// Corners of the sequential map, from nothing to all: white to dark blue in even steps of lightness.
const SEQUENTIAL: [[f64; 3]; 5] =
    [[255.0, 255.0, 255.0], [205.0, 224.0, 241.0], [127.0, 184.0, 218.0], [47.0, 126.0, 188.0], [8.0, 48.0, 107.0]];

/// The colour of a share, 0 to 1.
#[must_use]
pub fn of_share(share: f64) -> Rgb888 {
    let position = share.clamp(0.0, 1.0) * (SEQUENTIAL.len() - 1) as f64;
    let below = (position.floor() as usize).min(SEQUENTIAL.len() - 2);
    let fraction = position - below as f64;
    let [r, g, b] = std::array::from_fn(|channel| {
        (SEQUENTIAL[below][channel] * (1.0 - fraction) + SEQUENTIAL[below + 1][channel] * fraction).round() as u8
    });
    Rgb888::new(r, g, b)
}

/// Dark or light text, whichever is legible on a ground.
#[must_use]
pub fn ink_on(ground: Rgb888) -> Rgb888 {
    // Luma of ITU-R BT.601.
    let luma = 0.299 * f64::from(ground.r()) + 0.587 * f64::from(ground.g()) + 0.114 * f64::from(ground.b());
    if luma < 140.0 { WHITE } else { INK }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_differ_from_each_other_and_from_the_ground() {
        let apart = |a: Rgb888, b: Rgb888| {
            let square = |a: u8, b: u8| (f64::from(a) - f64::from(b)).powi(2);
            (square(a.r(), b.r()) + square(a.g(), b.g()) + square(a.b(), b.b())).sqrt()
        };
        for class in 0..12 {
            assert!(apart(of_class(class), WHITE) > 100.0);
            for other in 0..class {
                assert!(apart(of_class(class), of_class(other)) > 60.0, "{class} and {other}");
            }
        }
    }

    #[test]
    fn the_map_darkens_steadily() {
        let luma = |share: f64| {
            let colour = of_share(share);
            u32::from(colour.r()) + u32::from(colour.g()) + u32::from(colour.b())
        };
        assert!((0..100).all(|step| luma(f64::from(step) / 100.0) > luma(f64::from(step + 1) / 100.0)));
        assert_eq!((ink_on(of_share(0.0)), ink_on(of_share(1.0))), (INK, WHITE));
        assert_eq!(of_share(f64::NAN), of_share(f64::NAN), "no panic");
    }
}
