//! One colour a team, the same in every picture.

/// Colours of teams that are called by one, then those that the others take in turn. All are legible on black, and apart for
/// the colour-blind. Source: after Okabe and Ito, Color Universal Design (2008), lightened for a dark ground.
const NAMED: [(&str, [u8; 3]); 8] = [
    ("blue", [86, 180, 255]),
    ("red", [255, 107, 94]),
    ("green", [60, 207, 155]),
    ("yellow", [245, 226, 90]),
    ("orange", [255, 176, 59]),
    ("purple", [222, 143, 226]),
    ("white", [240, 240, 240]),
    ("grey", [168, 176, 190]),
];

/// Order in which teams that are called by no colour take one.
const ORDER: [usize; 6] = [0, 4, 2, 5, 3, 1];

/// The colour of each team, red, green and blue from 0 to 255.
#[must_use]
pub fn of(teams: &[String]) -> Vec<[u8; 3]> {
    let named = |team: &String| NAMED.iter().position(|(name, _)| team.eq_ignore_ascii_case(name));
    let taken: Vec<usize> = teams.iter().filter_map(named).collect();
    let mut free = ORDER.into_iter().filter(|place| !taken.contains(place)).chain(ORDER.into_iter().cycle());
    let places = teams.iter().map(|team| named(team).or_else(|| free.next()).unwrap_or_default());
    places.map(|place| NAMED[place].1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_called_by_a_colour_has_it_and_the_others_differ() {
        let teams = ["hosts", "blue", "visitors", "RED"].map(str::to_owned);
        let colours = of(&teams);
        assert_eq!((colours[1], colours[3]), (NAMED[0].1, NAMED[1].1));
        for (index, colour) in colours.iter().enumerate() {
            assert!(!colours[..index].contains(colour), "{colours:?}");
        }
    }

    #[test]
    fn more_teams_than_colours_still_have_one_each() {
        let teams: Vec<String> = (0..20).map(|team| team.to_string()).collect();
        assert_eq!(of(&teams).len(), 20);
    }
}
