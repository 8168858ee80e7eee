"""Mounts the file system, and nothing else."""

import os

import esp32
import vfs


def start():
    vfs.mount(vfs.VfsLfs2(esp32.Partition("vfs")), "/")
    os.chdir("/")
