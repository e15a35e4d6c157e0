mod answers;
mod bundles;
mod flows;
mod lookups;
mod problems;
mod reference;
mod sample;
