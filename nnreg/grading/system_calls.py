"""A filter of system calls: what no answer needs, the kernel refuses."""

import contextlib
import errno
import tempfile


def is_possible() -> bool:
    """Tell whether system calls can be filtered here."""
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        return False
    return True


# What no answer needs, and what has let others out of a sandbox, or hides
# memory from who counts it.
_REFUSED = (
    "add_key bpf clone3 delete_module finit_module fsconfig fsmount fsopen "
    "fspick init_module io_setup io_uring_enter io_uring_register "
    "io_uring_setup kcmp kexec_file_load kexec_load keyctl lookup_dcookie "
    "memfd_create memfd_secret mount mount_setattr move_mount mq_open "
    "msgget name_to_handle_at open_by_handle_at open_tree perf_event_open "
    "personality pidfd_getfd pivot_root process_madvise process_vm_readv "
    "process_vm_writev ptrace quotactl reboot request_key semget setns "
    "shmget socket socketpair swapoff swapon syslog umount2 unshare "
    "userfaultfd vmsplice"
)


def program(files: contextlib.ExitStack):
    """Return an open file with a filter of system calls, or None."""
    if not is_possible():
        return None
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in _REFUSED.split():
        # glibc then falls back on clone, whose flags can be looked at.
        missing = errno.ENOSYS if name == "clone3" else errno.EPERM
        with contextlib.suppress(RuntimeError, ValueError, OSError):
            rules.add_rule(pyseccomp.ERRNO(missing), name)
    new_user = 0x10000000  # CLONE_NEWUSER
    rules.add_rule(
        pyseccomp.ERRNO(errno.EPERM),
        "clone",
        pyseccomp.Arg(0, pyseccomp.MASKED_EQ, new_user, new_user),
    )
    written = files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    rules.export_bpf(written)
    written.seek(0)
    return written
