# Reads what objdump makes of an object for ARMv8: an AES round is two instructions that a Cortex takes
# as one where they stand side by side on the same register (AESE and AESMC, AESD and AESIMC). Fails
# where the compiler tore a pair apart, or where there are fewer than `least`. Setting up keys inverts them
# with AESIMC alone.

/^[0-9a-f]+ </ { name = $2 }
name !~ /_init/ && ($2 == "aesmc" || $2 == "aesimc") {
	whole = (before == ($2 == "aesmc" ? "aese" : "aesd") && register == $3)
	if (whole)
		pairs++
	else {
		torn++
		print "torn apart in " name " " $0
	}
}
{ before = $2; register = $3 }
END {
	printf "fused: %d pairs, %d torn apart\n", pairs, torn
	exit torn > 0 || pairs < least
}
