//! What pictures are drawn on: twice as fine as the picture, so that its edges are smooth; fonts come with the library, none of the
//! system's is asked for.

use std::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Dimensions, Point, Size};
use embedded_graphics::mono_font::iso_8859_1::{FONT_8X13, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::primitives::{Circle, Line, Polyline, Primitive, PrimitiveStyle, Rectangle, Triangle};
use embedded_graphics::text::{Baseline, Text};
use embedded_graphics::{Drawable, primitives::StyledDrawable};

use super::colours::INK;
use super::picture::{Picture, SIDE_PX};

/// Fine pixels a pixel, along each side.
const FINE: usize = 2;
const FINE_SIDE: usize = FINE * SIDE_PX;

/// How large text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSize {
    /// 8 by 13 pixels a letter.
    Small,
    /// 10 by 20.
    Normal,
    /// 15 by 30.
    Title,
}

impl TextSize {
    fn font(self) -> &'static MonoFont<'static> {
        match self {
            Self::Small => &FONT_8X13,
            Self::Normal | Self::Title => &FONT_10X20,
        }
    }

    /// Fine pixels a pixel of the font.
    fn factor(self) -> i32 {
        match self {
            Self::Small | Self::Normal => FINE as i32,
            Self::Title => 3,
        }
    }

    /// Pixels that a text is wide.
    #[must_use]
    pub fn width_px(self, text: &str) -> f64 {
        f64::from(self.font().character_size.width as i32 * self.factor()) * text.chars().count() as f64 / FINE as f64
    }

    /// Pixels that a line is high.
    #[must_use]
    pub fn height_px(self) -> f64 {
        f64::from(self.font().character_size.height as i32 * self.factor()) / FINE as f64
    }
}

/// Where a text lies beside its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// Shapes of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle on its base.
    Up,
    /// A square on a corner.
    Diamond,
    /// A triangle on its tip.
    Down,
    /// An upright cross.
    Plus,
}

impl Marker {
    /// The shape of a class or series: with its colour it is like no other of twelve.
    #[must_use]
    pub fn of_class(class: usize) -> Self {
        [Self::Circle, Self::Square, Self::Up, Self::Diamond, Self::Down, Self::Plus][(class + class / 6 * 2) % 6]
    }
}

/// A white ground to draw on. Coordinates are pixels from the upper left corner; what lies outside is left out.
pub struct Canvas {
    fine: Vec<u8>,
}

impl Default for Canvas {
    fn default() -> Self {
        Self { fine: vec![255; 3 * FINE_SIDE * FINE_SIDE] }
    }
}

impl Canvas {
    /// A rectangle from the upper left to the lower right corner.
    pub fn rectangle(&mut self, from: [f64; 2], to: [f64; 2], colour: Rgb888) {
        let area = Rectangle::with_corners(point(from), point(to) - Point::new(1, 1));
        if to[0] > from[0] && to[1] > from[1] {
            drawn(area.draw_styled(&PrimitiveStyle::with_fill(colour), self));
        }
    }

    /// A straight line, `width_px` thick.
    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], width_px: f64, colour: Rgb888) {
        let style = PrimitiveStyle::with_stroke(colour, fine(width_px).max(1) as u32);
        drawn(Line::new(point(from), point(to)).into_styled(style).draw(self));
    }

    /// A dashed line, dashes as long as gaps.
    pub fn dashed_line(&mut self, from: [f64; 2], to: [f64; 2], width_px: f64, colour: Rgb888) {
        const DASH_PX: f64 = 9.0;
        let length_px = (to[0] - from[0]).hypot(to[1] - from[1]);
        let at = |along_px: f64| {
            let share = (along_px / length_px).min(1.0);
            [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]
        };
        for dash in 0..(length_px / (2.0 * DASH_PX)).ceil() as usize {
            let start_px = 2.0 * DASH_PX * dash as f64;
            self.line(at(start_px), at(start_px + DASH_PX), width_px, colour);
        }
    }

    /// A line through points.
    pub fn path(&mut self, points: &[[f64; 2]], width_px: f64, colour: Rgb888) {
        let points: Vec<Point> = points.iter().map(|at| point(*at)).collect();
        let style = PrimitiveStyle::with_stroke(colour, fine(width_px).max(1) as u32);
        drawn(Polyline::new(&points).into_styled(style).draw(self));
    }

    /// A point of `size_px`, with a thin dark rim.
    pub fn marker(&mut self, marker: Marker, at: [f64; 2], size_px: f64, colour: Rgb888) {
        self.shape(marker, at, size_px + 2.0, INK);
        self.shape(marker, at, size_px, colour);
    }

    fn shape(&mut self, marker: Marker, [x, y]: [f64; 2], size_px: f64, colour: Rgb888) {
        let fill = PrimitiveStyle::with_fill(colour);
        let half = size_px / 2.0;
        let triangle = |a: [f64; 2], b: [f64; 2], c: [f64; 2]| Triangle::new(point(a), point(b), point(c));
        match marker {
            Marker::Circle => {
                let disc = Circle::with_center(point([x, y]), fine(size_px) as u32 + 1);
                drawn(disc.draw_styled(&fill, self));
            }
            Marker::Square => {
                self.rectangle([x - 0.9 * half, y - 0.9 * half], [x + 0.9 * half, y + 0.9 * half], colour)
            }
            Marker::Up | Marker::Down => {
                let up = if marker == Marker::Up { -1.0 } else { 1.0 };
                let base = y - 0.75 * up * half;
                let tip = [x, y + 1.25 * up * half];
                drawn(triangle([x - 1.1 * half, base], [x + 1.1 * half, base], tip).draw_styled(&fill, self));
            }
            Marker::Diamond => {
                let reach = 1.2 * half;
                for tip in [y - reach, y + reach] {
                    drawn(triangle([x - reach, y], [x + reach, y], [x, tip]).draw_styled(&fill, self));
                }
            }
            Marker::Plus => {
                let (long, short) = (1.1 * half, 0.45 * half);
                self.rectangle([x - long, y - short], [x + long, y + short], colour);
                self.rectangle([x - short, y - long], [x + short, y + long], colour);
            }
        }
    }

    /// A line of text about its vertical middle; letters outside of ISO 8859-1 become question marks.
    pub fn text(&mut self, text: &str, at: [f64; 2], align: Align, size: TextSize, colour: Rgb888) {
        let start = before(align, size.width_px(text));
        let origin = point([at[0] - start, at[1] - size.height_px() / 2.0]);
        self.letters(text, origin, size, colour, false);
    }

    /// A line of text that is read from below, about its horizontal middle.
    pub fn upright_text(&mut self, text: &str, at: [f64; 2], align: Align, size: TextSize, colour: Rgb888) {
        let start = before(align, size.width_px(text));
        let origin = point([at[0] - size.height_px() / 2.0, at[1] + start]);
        self.letters(text, origin, size, colour, true);
    }

    fn letters(&mut self, text: &str, origin: Point, size: TextSize, colour: Rgb888, upright: bool) {
        let mut enlarged = Enlarged { canvas: self, origin, factor: size.factor(), upright };
        let style = MonoTextStyle::new(size.font(), colour);
        drawn(Text::with_baseline(text, Point::zero(), style, Baseline::Top).draw(&mut enlarged).map(|_| ()));
    }

    /// The picture: the mean of each pixel's fine ones.
    #[must_use]
    pub fn finish(self) -> Picture {
        let mut rgb = Vec::with_capacity(3 * SIDE_PX * SIDE_PX);
        for y in 0..SIDE_PX {
            for x in 0..SIDE_PX {
                for channel in 0..3 {
                    let of = |row: usize, column: usize| {
                        u32::from(self.fine[3 * ((FINE * y + row) * FINE_SIDE + FINE * x + column) + channel])
                    };
                    rgb.push(((of(0, 0) + of(0, 1) + of(1, 0) + of(1, 1) + 2) / 4) as u8);
                }
            }
        }
        Picture::from_rgb(rgb)
    }
}

/// A text cut to a number of letters, two points in place of what is missing.
#[must_use]
pub fn shortened(text: &str, most_letters: usize) -> String {
    if text.chars().count() <= most_letters {
        return text.to_owned();
    }
    text.chars().take(most_letters.saturating_sub(2)).chain("..".chars()).collect()
}

/// The title of a picture, as large as fits.
pub(super) fn title(canvas: &mut Canvas, text: &str) {
    let side_px = SIDE_PX as f64;
    let size = if TextSize::Title.width_px(text) <= side_px - 40.0 { TextSize::Title } else { TextSize::Normal };
    let most_letters = ((side_px - 40.0) / TextSize::Normal.width_px("a")) as usize;
    canvas.text(&shortened(text, most_letters), [side_px / 2.0, 34.0], Align::Middle, size, INK);
}

fn before(align: Align, width_px: f64) -> f64 {
    match align {
        Align::Start => 0.0,
        Align::Middle => width_px / 2.0,
        Align::End => width_px,
    }
}

fn fine(px: f64) -> i32 {
    // A cast saturates, so that a far point stays far.
    (px * FINE as f64).round().clamp(-30_000.0, 30_000.0) as i32
}

fn point([x, y]: [f64; 2]) -> Point {
    Point::new(fine(x), fine(y))
}

fn drawn(result: Result<(), Infallible>) {
    let Ok(()) = result;
}

impl Dimensions for Canvas {
    fn bounding_box(&self) -> Rectangle {
        Rectangle::new(Point::zero(), Size::new_equal(FINE_SIDE as u32))
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        let side = 0..FINE_SIDE as i32;
        for Pixel(at, colour) in pixels {
            if side.contains(&at.x) && side.contains(&at.y) {
                let index = 3 * (at.y as usize * FINE_SIDE + at.x as usize);
                self.fine[index..index + 3].copy_from_slice(&[colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

/// A canvas on which each pixel is a square of fine ones.
struct Enlarged<'a> {
    canvas: &'a mut Canvas,
    origin: Point,
    factor: i32,
    upright: bool,
}

impl Dimensions for Enlarged<'_> {
    fn bounding_box(&self) -> Rectangle {
        // Of the letters' own space, which has no bounds.
        Rectangle::new(Point::new(-10_000, -10_000), Size::new_equal(20_000))
    }
}

impl DrawTarget for Enlarged<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        let Self { origin, factor, upright, .. } = *self;
        for Pixel(at, colour) in pixels {
            // A quarter turn takes (x, y) to (y, -x - 1).
            let turned = if upright { Point::new(at.y, -at.x - 1) } else { at };
            let corner = origin + turned * factor;
            let square = Rectangle::new(corner, Size::new_equal(factor as u32));
            self.canvas.fill_solid(&square, colour)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::colours::WHITE;
    use super::*;

    #[test]
    fn what_is_drawn_stands_where_it_should() {
        let mut canvas = Canvas::default();
        canvas.rectangle([100.0, 200.0], [110.0, 205.0], INK);
        canvas.line([-50.0, 500.0], [5_000.0, 500.0], 3.0, INK);
        let picture = canvas.finish();
        let ink = [INK.r(), INK.g(), INK.b()];
        let white = [WHITE.r(), WHITE.g(), WHITE.b()];
        assert_eq!([(100, 200), (109, 204), (0, 500), (959, 500)].map(|(x, y)| picture.pixel(x, y)), [ink; 4]);
        assert_eq!([(99, 200), (110, 204), (100, 205), (0, 490)].map(|(x, y)| picture.pixel(x, y)), [white; 4]);
    }

    #[test]
    fn upright_text_is_text_turned() {
        let mut canvas = Canvas::default();
        canvas.text("recall", [300.0, 300.0], Align::Start, TextSize::Normal, INK);
        canvas.upright_text("recall", [600.0, 600.0], Align::Start, TextSize::Normal, INK);
        let picture = canvas.finish();
        let mut dark = 0;
        for along in 0..60 {
            for across in 0..20 {
                let straight = picture.pixel(300 + along, 290 + across);
                assert_eq!(straight, picture.pixel(590 + across, 599 - along), "{along} {across}");
                dark += usize::from(straight != [255; 3]);
            }
        }
        assert!(dark > 100, "{dark}");
        assert_eq!(TextSize::Normal.width_px("recall"), 60.0);
    }

    #[test]
    fn markers_fill_their_place_and_long_texts_are_cut() {
        for class in 0..12 {
            let mut canvas = Canvas::default();
            canvas.marker(Marker::of_class(class), [480.0, 480.0], 12.0, super::super::colours::of_class(class));
            let picture = canvas.finish();
            assert_ne!(picture.pixel(480, 480), [255; 3]);
            assert_eq!(picture.pixel(480, 495), [255; 3]);
        }
        assert_eq!(shortened("conjunction", 6), "conj..");
        assert_eq!(shortened("calm", 6), "calm");
    }
}
