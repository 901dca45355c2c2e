//! The scripts: each does one thing whole. They are Lua, in `lua/`, and all begin with `prelude.lua`.

use std::sync::LazyLock;

use redis::{FromRedisValue, Script, ScriptInvocation};

use super::Shared;
use crate::{Clock, StoreError};

const PRELUDE: &str = include_str!("lua/prelude.lua");

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {
        $(pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(&[PRELUDE, include_str!($file)].concat()));)*
    };
}

scripts! {
    ADOPT = "lua/adopt.lua";
    CLAIM = "lua/claim.lua";
    DISOWN = "lua/disown.lua";
    DROP_HOOK = "lua/drop_hook.lua";
    DUE = "lua/due.lua";
    DUE_SLOTS = "lua/due_slots.lua";
    ENQUEUE = "lua/enqueue.lua";
    FINISH = "lua/finish.lua";
    FIRE = "lua/fire.lua";
    GET = "lua/get.lua";
    HEARTBEAT = "lua/heartbeat.lua";
    HOOKS = "lua/hooks.lua";
    PEEK = "lua/peek.lua";
    POOL = "lua/pool.lua";
    PUT_SCHEDULE = "lua/put_schedule.lua";
    QUEUES = "lua/queues.lua";
    REPORT = "lua/report.lua";
    RESCUE = "lua/rescue.lua";
    RUNS = "lua/runs.lua";
    SETTLE = "lua/settle.lua";
    STOP = "lua/stop.lua";
    STOP_QUEUE = "lua/stop_queue.lua";
    SWEEP = "lua/sweep.lua";
}

impl Shared {
    /// A call of a script, with what the prelude reads.
    pub(super) fn call(&self, script: &'static Script) -> ScriptInvocation<'static> {
        let mut call = script.prepare_invoke();
        call.key(&self.prefix);
        match &self.options.clock {
            Clock::Store => call.arg(""),
            Clock::Held(clock) => call.arg(clock.now().0),
        };
        call.arg(&self.name)
            .arg(self.options.retention.done.as_secs().max(1))
            .arg(self.options.retention.failed.as_secs().max(1));
        call
    }

    /// Runs a script; one that the server does not know yet is sent along.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        call: &ScriptInvocation<'static>,
    ) -> Result<T, StoreError> {
        let mut connection = self.link.get().await?;
        match call.invoke_async(&mut connection).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.link.failed(&error).await),
        }
    }

    /// Runs a command, or several at once.
    pub(super) async fn pipe<T: FromRedisValue>(
        &self,
        pipeline: &redis::Pipeline,
    ) -> Result<T, StoreError> {
        let mut connection = self.link.get().await?;
        match pipeline.query_async(&mut connection).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.link.failed(&error).await),
        }
    }
}
