//! Prints the JSON Schema of policy documents: `cargo run -p policy --example schema > docs/schema/tunnels.schema.json`.

fn main() {
    println!("{:#}", policy::schema());
}
