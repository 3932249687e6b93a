//! Which calls of the kernel the program may make, by seccomp: none to others, and none that could undo the rest.

use std::collections::BTreeMap;

use nix::libc::{self, c_long};
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

/// Calls that are refused whatever they are given.
const REFUSED: &[c_long] = &[
    // Others, on the network or on this machine. A socket of files would reach daemons that stand there.
    libc::SYS_socket,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_kcmp,
    // The group of processes that is ended at the end.
    libc::SYS_setsid,
    libc::SYS_setpgid,
    // Memory that no limit counts.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_mq_open,
    // Other name spaces and file systems.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // What kernels are attacked by.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_personality,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// The bit of calls by the x32 interface, which has every call a second time, and one beyond the last of them.
#[cfg(target_arch = "x86_64")]
const X32: std::ops::Range<c_long> = 0x4000_0000..0x4000_0000 + 548;

/// Confines this process; `false` where the kernel has no seccomp, or none for this machine.
pub(super) fn confine() -> Result<bool, String> {
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(false);
    };
    // A process that asks for the newer call is to believe that there is none, and asks for the older one.
    let newer = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let filters = refused()
        .and_then(|rules| {
            Ok([filter(rules, libc::EPERM, arch)?, filter(newer, libc::ENOSYS, arch)?])
        })
        .map_err(|error| format!("its calls cannot be confined: {error}"))?;
    Ok(filters.iter().all(|filter| seccompiler::apply_filter(filter).is_ok()))
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn refused() -> Result<Rules, Error> {
    let mut rules: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    rules.extend(X32.chain([libc::SYS_iopl, libc::SYS_ioperm]).map(|call| (call, Vec::new())));
    let bits = |flag: i32| {
        let flag = u64::from(flag.unsigned_abs());
        condition(0, SeccompCmpOp::MaskedEq(flag), flag)
    };
    let spaces = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    rules.insert(libc::SYS_clone, spaces.into_iter().map(bits).collect::<Result<_, _>>()?);
    // Typing for somebody else at a terminal.
    let typing = [libc::TIOCSTI, libc::TIOCLINUX];
    let typing = typing.into_iter().map(|what| condition(1, SeccompCmpOp::Eq, what));
    rules.insert(libc::SYS_ioctl, typing.collect::<Result<_, _>>()?);
    Ok(rules)
}

fn condition(argument: u8, compare: SeccompCmpOp, with: u64) -> Result<SeccompRule, Error> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, with);
    Ok(SeccompRule::new(vec![condition?])?)
}

/// A filter that answers calls by these rules with an error.
fn filter(rules: Rules, error: i32, arch: TargetArch) -> Result<BpfProgram, Error> {
    let refused = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?;
    Ok(filter.try_into()?)
}
