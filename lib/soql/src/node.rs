/// A struct of the tree: its fields and its span. Two nodes are equal when what they say is equal, wherever it
/// stands; a tree can then be compared with the tree of its own print.
macro_rules! node {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $( $(#[$about:meta])* pub $field:ident: $kind:ty, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            $( $(#[$about])* pub $field: $kind, )*
            pub span: source::Span,
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                $( self.$field == other.$field )&&*
            }
        }

        impl Eq for $name {}
    };
}
