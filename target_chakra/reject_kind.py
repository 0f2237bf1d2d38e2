"""Kinds of rejects, in words that hold no value of a row: for places where none may stand."""

from __future__ import annotations

from enum import Enum


class RejectKind(Enum):
    """Why a row is a reject; its reason says it in full, with the values."""

    UNFIT = "a value does not fit"
    ONLY_READ = "a field is only read"
    NO_KEY = "the key is missing, or names no process"
    SEVERAL = "several processes have the key"
    ABSENT = "there is no process with the key"
    EXISTS = "a process has the key already"
    DELETED = "the process is deleted"
    GONE = "the process was written before, and is gone from ChakraHQ"
    HIDDEN = "the process was created before, and ChakraHQ does not show it"
    SPELLED = "ChakraHQ may hold the key in another spelling"
    CHANGED = "ChakraHQ changed since it was decided on"
    NO_BEFORE = "what the process held before is not known"
    MARKED = "the row is marked as deleted, and the mapping does not say what that means"
    REFUSED = "ChakraHQ refused it"
    OTHER = "another reason"
