//! The checked-in JSON Schemas are what the types generate. To renew them after a change of the types:
//! `UPDATE_GENERATED=1 cargo test -p lockstep-events --test schemas`.

use std::path::Path;

#[test]
fn the_checked_in_schemas_match_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (name, schema) in lockstep_events::schema::all() {
        let expected = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let file = folder.join(name);
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(&file, &expected).unwrap();
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(found == expected, "{name} has drifted from its type: see the first lines of this file");
    }
}
