//! One story, told by several ways in which the client finds its server.

/// A module for each way, with every story in it as a test. A story is a function that takes the
/// scene.
macro_rules! on_ways {
    ($ways:tt; $($story:ident),+ $(,)?) => {
        on_ways!(@each $ways [$($story),+]);
    };
    (@each [$(($module:ident, $way:ident)),+ $(,)?] $stories:tt) => {
        $(on_ways!(@way $module, $way, $stories);)+
    };
    (@way $module:ident, $way:ident, [$($story:ident),+]) => {
        mod $module {
            $(
                #[test]
                fn $story() {
                    if let Some(scene) = super::Scene::new(crate::client::Way::$way) {
                        super::$story(scene);
                    }
                }
            )+
        }
    };
}
