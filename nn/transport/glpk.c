/* GLPK behind a wall. It keeps an environment for each thread, prints, and ends the process where its memory runs out. So it runs in a
   thread of its own: its environment is not that of a program which uses GLPK, what it prints goes nowhere, and its errors jump back
   here, behind which that environment is freed whole, as GLPK asks. */
#include <glpk.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include "glpk_program.h"
#include "wengert/error.h"

struct work {
    struct glpk_program program;
    jmp_buf error;
    bool fails; /* GLPK reported an error, of which memory is the only cause */
    int status; /* 0 or GLPK's */
};

static int print_nothing(void *info, const char *text)
{
    (void)info, (void)text;
    return 1;
}

static void jump_back(void *info)
{
    struct work *work = info;
    longjmp(work->error, 1);
}

static void *solver(void *argument)
{
    struct work *work = argument;
    if (glp_init_env() != 0)
        return NULL;
    glp_term_hook(print_nothing, NULL);
    (void)glp_term_out(GLP_OFF);
    if (setjmp(work->error) == 0) {
        glp_error_hook(jump_back, work);
        work->status = glpk_program_run(&work->program);
        work->fails = false;
    }
    (void)glp_free_env();
    return NULL;
}

/* The thread takes no signals: they are the program's. The caller is not cancelled while the thread uses its stack. */
static bool run_in_thread(struct work *work)
{
    pthread_t thread;
    sigset_t all, before;
    int cancel;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failure = pthread_create(&thread, NULL, solver, work);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    const bool ran = failure == 0 && pthread_join(thread, NULL) == 0;
    (void)pthread_setcancelstate(cancel, NULL);
    return ran;
}

wg_status transport_minimize(const struct transport_problem *problem, const char *op)
{
    struct work work = {.fails = true};
    if (!glp_config("TLS"))
        return wg_error_set(WG_E_STATE, op, "%s: this GLPK was built without thread-local storage, which Debian's has", op);
    const bool ran = glpk_program_make(&work.program, problem) && run_in_thread(&work);
    glpk_program_free(&work.program);
    if (!ran || work.fails)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    if (work.status == 0)
        return WG_OK;
    return wg_error_set(WG_E_NUMERIC, op, "%s: GLPK found no optimum, status %d", op, work.status);
}
