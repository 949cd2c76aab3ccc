//! What an environment promises, however it is reached.

mod files;
mod http;
mod processes;
mod slow;

/// A test of each function for each way.
macro_rules! every_way {
    ($($module:ident: $($test:ident)*;)*) => {
        every_way! { @way in_process InProcess $($module: $($test)*;)* }
        every_way! { @way websocket WebSocket $($module: $($test)*;)* }
        every_way! { @way lines Lines $($module: $($test)*;)* }
    };
    (@way $name:ident $way:ident $($module:ident: $($test:ident)*;)*) => {
        mod $name {$($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::real::on(crate::real::Way::$way, super::$module::$test).await;
            }
        )*)*}
    };
}

every_way! {
    processes:
        streams_are_apart_and_the_exit_code_is_kept
        input_is_echoed_byte_for_byte
        a_terminal_has_a_size_and_takes_what_is_typed
        a_signal_reaches_the_trap
        terminate_ends_the_tree_with_and_without_grace
        a_time_limit_ends_it
        a_program_that_is_not_there_is_refused_and_its_name_free
        fifty_processes_at_once_are_listed_and_end
        output_of_a_background_child_follows_the_exit
        a_closed_environment_leaves_the_session_to_be_resumed;
    files:
        a_file_is_written_looked_at_moved_and_removed
        large_files_go_block_by_block
        a_missing_file_is_not_found
        a_path_that_appears_is_seen;
    http:
        a_body_comes_in_order;
    slow:
        nobody_waits_for_a_slow_reader_and_it_loses_nothing;
}
