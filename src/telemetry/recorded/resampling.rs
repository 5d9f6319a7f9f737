//! From rows at any times to windows of samples at equal intervals.

use super::column_map::CONTEXT;
use super::rows::Rows;
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::dataset::part::RecordedWindow;
use crate::telemetry::window::{Context, SAMPLES, TelemetryWindow};

/// What became of rows.
#[derive(Default)]
pub(super) struct Found {
    /// Windows that pass their check, by object and time.
    pub(super) windows: Vec<RecordedWindow>,
    /// Windows that there are, those that fail included.
    pub(super) looked_at: u64,
    /// What is wrong with the first that fails.
    pub(super) first_reason: Option<String>,
    /// Samples after the last whole window of a stretch.
    pub(super) left_over_samples: usize,
    /// Samples of the longest stretch.
    pub(super) longest: usize,
}

/// Samples at equal intervals, without a hole of a whole window.
struct Stretch {
    begun_s: f64,
    samples: Vec<([f64; CHANNELS], [f64; CONTEXT.len()])>,
}

/// The windows of all objects.
pub(super) fn windows(rows: &Rows, interval_s: f64) -> Found {
    let mut found = Found::default();
    for (object, indices) in &rows.objects {
        let mut indices = indices.clone();
        // Stable: of two rows at one time the later in the file is the latest.
        indices.sort_by(|a, b| rows.times_s[*a].total_cmp(&rows.times_s[*b]));
        let mut stretch: Option<Stretch> = None;
        for row in indices {
            let time_s = rows.times_s[row];
            let place = |stretch: &Stretch| ((time_s - stretch.begun_s) / interval_s).round();
            if let Some(whole) =
                stretch.take_if(|stretch| place(stretch) - stretch.samples.len() as f64 >= SAMPLES as f64)
            {
                found.cut(object, &whole, interval_s);
            }
            let stretch = stretch.get_or_insert_with(|| Stretch { begun_s: time_s, samples: Vec::new() });
            let at = place(stretch) as usize;
            let empty = ([f64::NAN; CHANNELS], [f64::NAN; CONTEXT.len()]);
            stretch.samples.resize(stretch.samples.len().max(at + 1), empty);
            let (sample, context) = &mut stretch.samples[at];
            let latest = |kept: &mut f64, new: &f64| {
                if !new.is_nan() {
                    *kept = *new;
                }
            };
            sample.iter_mut().zip(&rows.samples[row]).for_each(|(kept, new)| latest(kept, new));
            context.iter_mut().zip(&rows.context[row]).for_each(|(kept, new)| latest(kept, new));
        }
        if let Some(stretch) = stretch {
            found.cut(object, &stretch, interval_s);
        }
    }
    found
}

impl Found {
    /// Cuts a stretch into windows.
    fn cut(&mut self, object: &str, stretch: &Stretch, interval_s: f64) {
        self.longest = self.longest.max(stretch.samples.len());
        let windows = stretch.samples.chunks_exact(SAMPLES);
        self.left_over_samples += windows.remainder().len();
        let mut told = [f64::NAN; CONTEXT.len()];
        for (index, samples) in windows.enumerate() {
            for (_, context) in samples {
                told.iter_mut().zip(context).for_each(|(kept, new)| {
                    if !new.is_nan() {
                        *kept = *new;
                    }
                });
            }
            let last = (index + 1) * SAMPLES - 1;
            let end_s = stretch.begun_s + last as f64 * interval_s;
            let samples = samples.iter().map(|(sample, _)| *sample).collect();
            let window = TelemetryWindow { interval_s, samples, context: context(&told) };
            self.looked_at += 1;
            match window.check() {
                Ok(()) => self.windows.push(RecordedWindow { object: object.to_owned(), end_s, window }),
                Err(fault) => {
                    let told = || format!("object '{object}', window that ends at {end_s} s: {fault}");
                    self.first_reason.get_or_insert_with(told);
                }
            }
        }
    }
}

/// The context as it was last told, in the order of the table; what never was is its default.
fn context(told: &[f64; CONTEXT.len()]) -> Context {
    let known = |index: usize| if told[index].is_nan() { 0.0 } else { told[index] };
    Context {
        mean_motion_rad_s: known(0),
        orbit_time_rad: known(1),
        eclipsed: known(2) == 1.0,
        own_delta_v_m_s: known(3),
        own_mode: known(4) as u8,
        position_sigma_m: known(5),
        track_age_s: known(6),
    }
}

#[cfg(test)]
mod tests {
    use super::super::column_map::ColumnMap;
    use super::super::{Recorded, RecordedError};
    use super::*;

    /// A file of (time, range) of one object.
    fn recorded(rows: &[(f64, f64)], interval_s: Option<f64>) -> Result<Recorded, RecordedError> {
        let mut text = "time_s,range\n".to_owned();
        rows.iter().for_each(|(time_s, range_m)| text += &format!("{time_s},{range_m}\n"));
        Recorded::of(text.into_bytes(), &ColumnMap { interval_s, ..ColumnMap::default() })
    }

    fn ranges(window: &TelemetryWindow) -> Vec<f64> {
        window.samples.iter().map(|sample| sample[0]).collect()
    }

    #[test]
    fn rows_go_to_the_nearest_sample_and_the_latest_stays() {
        let mut rows: Vec<(f64, f64)> =
            (0..30).map(|index| (100.0 + 10.0 * f64::from(index), f64::from(index))).collect();
        rows[3].0 += 4.0;
        rows[4].0 -= 4.0;
        rows.remove(20);
        // Later in the file, and out of order.
        rows.push((103.0, 50.0));
        rows.push((100.0, 60.0));
        let found = recorded(&rows, None).expect("sound");
        assert_eq!((found.interval_s, found.windows.len(), found.left_over_samples), (10.0, 1, 0));
        let RecordedWindow { window, end_s, object } = &found.windows[0];
        assert_eq!((object.as_str(), *end_s), ("object", 390.0));
        let ranges = ranges(window);
        // Of what falls to sample 0 the row at 103 s is the latest in time.
        assert_eq!(ranges[..5], [50.0, 1.0, 2.0, 3.0, 4.0]);
        assert!(ranges[20].is_nan(), "a gap is filled neither from before nor from later");
        assert_eq!(window.valid_samples(), 29);
        assert_eq!(found.present, ["range"]);
        assert_eq!(found.absent.len(), 29);
    }

    #[test]
    fn what_comes_later_changes_no_sample_before_it() {
        let rows: Vec<(f64, f64)> = (0..60).map(|index| (10.0 * f64::from(index), f64::from(index))).collect();
        let all = recorded(&rows, Some(10.0)).expect("sound");
        let first = recorded(&rows[..30], Some(10.0)).expect("sound");
        assert_eq!((all.windows.len(), first.windows.len()), (2, 1));
        // By its bits, since a gap equals nothing.
        let ranges = |of: &Recorded| -> Vec<u64> {
            of.windows[0].window.samples.iter().map(|sample| sample[0].to_bits()).collect()
        };
        assert_eq!(ranges(&all), ranges(&first));
        assert_eq!(all.windows[0].end_s, first.windows[0].end_s);
    }

    #[test]
    fn after_a_long_hole_samples_are_counted_anew() {
        let of = |begun_s: f64| (0..35).map(move |index| (begun_s + 10.0 * f64::from(index), 5.0));
        let rows: Vec<(f64, f64)> = of(0.0).chain(of(1e6 + 3.0)).collect();
        let found = recorded(&rows, None).expect("sound");
        assert_eq!((found.windows.len(), found.left_over_samples, found.skipped), (2, 10, 0));
        assert_eq!(found.windows[1].end_s, 1e6 + 3.0 + 290.0);
        assert_eq!(found.windows[1].window.valid_samples(), 30);
    }

    #[test]
    fn what_cannot_be_is_skipped_and_told() {
        let mut rows: Vec<(f64, f64)> = (0..60).map(|index| (10.0 * f64::from(index), 5.0)).collect();
        rows[7].1 = -3.0;
        let found = recorded(&rows, None).expect("sound");
        assert_eq!((found.windows.len(), found.skipped), (1, 1));
        let reason = found.first_reason.expect("told");
        assert!(reason.contains("ends at 290 s") && reason.contains("range of -3 m"), "{reason}");
        rows[40].1 = f64::INFINITY;
        let fault = recorded(&rows, None).expect_err("none is left").to_string();
        assert!(fault.contains("none of the 2 windows"), "{fault}");
        let fault = recorded(&rows[..12], None).expect_err("too short").to_string();
        assert!(fault.contains("12 samples") && fault.contains("10 s apart"), "{fault}");
        assert!(matches!(recorded(&rows[..1], None), Err(RecordedError::NoInterval)));
    }
}
