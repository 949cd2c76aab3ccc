//! One story, told by several ways in which the client finds its server.

/// A module for each way, with every story in it as a test. A story is a function that takes the
/// scene. Those that play `behind walls` are skipped where none can be raised.
macro_rules! on_ways {
    ($ways:tt; $($story:ident),+ $(,)?) => {
        on_ways!(@each new $ways [$($story),+]);
    };
    (behind walls $ways:tt; $($story:ident),+ $(,)?) => {
        on_ways!(@each behind_walls $ways [$($story),+]);
    };
    (@each $scene:ident [$(($module:ident, $way:ident)),+ $(,)?] $stories:tt) => {
        $(on_ways!(@way $scene $module, $way, $stories);)+
    };
    (@way $scene:ident $module:ident, $way:ident, [$($story:ident),+]) => {
        mod $module {
            $(
                #[test]
                fn $story() {
                    if let Some(scene) = super::Scene::$scene(crate::client::Way::$way) {
                        super::$story(scene);
                    }
                }
            )+
        }
    };
}
