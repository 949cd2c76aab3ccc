//! The real program, from its arguments to its exit status.

#[cfg(test)]
mod app_config;
#[cfg(test)]
mod app_environments;
#[cfg(test)]
mod app_proxy;
#[cfg(test)]
mod app_server;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod exec_server;
#[cfg(test)]
mod exec_server_end;
#[cfg(test)]
mod fs;
#[cfg(test)]
mod help;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod run;
#[cfg(test)]
mod run_limits;
#[cfg(test)]
mod run_machine;
#[cfg(test)]
mod run_sandbox;
#[cfg(test)]
mod run_signals;
#[cfg(test)]
mod run_terminal;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod support;
