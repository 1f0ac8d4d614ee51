/* Takes memory of the kind that glibc keeps for initial-exec variables of libraries that are loaded late: FULL bytes of it. */
_Thread_local char full[FULL] __attribute__((tls_model("initial-exec")));
char *full_at(void);

char *full_at(void)
{
    return full;
}
