/* Hides AVX-512, AMX and their kin from a process: every program then picks the code that
 * it has for AVX2. The kernel lets CPUID fault (Linux on Intel, flag cpuid_fault); the
 * handler runs the instruction and clears the bits. Threads and, through LD_PRELOAD,
 * children inherit it.
 *
 *   cc -O1 -shared -fPIC -o restrict_cpuid.so benchmarks/restrict_cpuid.c
 *   LD_PRELOAD=$PWD/restrict_cpuid.so PROGRAM
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

static long allow_cpuid(long allowed) {
  return syscall(SYS_arch_prctl, ARCH_SET_CPUID, allowed);
}

/* Leaf 7 names the extensions, leaf 13 the registers that a context switch saves. */
static void restrict_answer(uint32_t leaf, uint32_t part, uint32_t *r) {
  if (leaf == 7 && part == 0) {
    r[1] &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31));
    r[2] &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
    r[3] &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25));
  }
  if (leaf == 7 && part == 1) {
    r[0] &= ~(BIT(4) | BIT(5) | BIT(21) | BIT(23));
    r[3] = 0;
  }
  if (leaf == 13 && part == 0) r[0] &= 7;
}

static void answer(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uint8_t *code = (const uint8_t *)registers[REG_RIP];
  (void)info;
  if (code[0] != 0x0f || code[1] != 0xa2) { /* another fault: let it end the process */
    signal(number, SIG_DFL);
    return;
  }
  uint32_t leaf = registers[REG_RAX], part = registers[REG_RCX], r[4];
  allow_cpuid(1);
  __asm__ volatile("cpuid"
                   : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                   : "a"(leaf), "c"(part));
  allow_cpuid(0);
  restrict_answer(leaf, part, r);
  registers[REG_RAX] = r[0];
  registers[REG_RBX] = r[1];
  registers[REG_RCX] = r[2];
  registers[REG_RDX] = r[3];
  registers[REG_RIP] += 2;
}

__attribute__((constructor(101))) static void begin(void) {
  struct sigaction action = {0};
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigaction(SIGSEGV, &action, 0);
  if (allow_cpuid(0)) _exit(3); /* this CPU or kernel cannot: run nothing unrestricted */
}
